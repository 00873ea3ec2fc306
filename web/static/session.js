/** Asks the box every second or so whether anything changed, and says in good time when the session is about to end. */

import { ask, expectEnd, leave, overdue } from "./ask.js";
import { count, say } from "./words.js";

const EVERY = 1200; // ms: what arrives is on the screen within two seconds
const TRIES = 3; // without an answer before the page says so
const REST = 15_000; // ms between two words to the box that somebody is there

const ending = document.getElementById("ending");
const silent = document.getElementById("silent");
let before = null; // what had the focus when the warning came
let failures = 0;
let told = -Infinity;

/** Call `changed(what)` with "list" or "box" when that part of the page is old. */
export function watch(changed) {
  const known = { box: document.body.dataset.box };
  const look = async () => {
    try {
      const pulse = JSON.parse(await ask("/pulse"));
      failures = 0;
      silent.hidden = true;
      expectEnd(pulse.ends_in);
      warn(pulse);
      for (const what of ["list", "box"]) {
        if (what in known && known[what] !== pulse[what]) await changed(what);
        known[what] = pulse[what];
      }
    } catch {
      if (overdue()) leave();
      failures += 1;
      silent.hidden = failures < TRIES;
    }
    setTimeout(look, EVERY);
  };
  const list = document.getElementById("list");
  if (list) known.list = list.dataset.version;
  look();

  for (const sign of ["keydown", "pointerdown", "wheel", "touchstart"]) {
    document.addEventListener(sign, active, { passive: true });
  }
  document.addEventListener("visibilitychange", () => overdue() && leave());
  document.getElementById("ending-stay").addEventListener("click", active);
}

/** Somebody is there. */
export function active() {
  if (performance.now() - told < REST && ending.hidden) return;
  told = performance.now();
  ask("/stay", {}).then(calm, () => (told = -Infinity));
}

function warn({ ends_in: left, warning, can_stay: canStay }) {
  document.getElementById("ending-seconds").textContent = count("second", Math.max(1, Math.round(left)));
  document.getElementById("ending-idle").hidden = !canStay;
  document.getElementById("ending-stay").hidden = !canStay;
  document.getElementById("ending-long").hidden = canStay;
  if (warning && ending.hidden) document.getElementById("news").textContent = say("ending");
  if (ending.hidden === !warning) return;
  ending.hidden = !warning;
  if (warning && canStay && !document.activeElement?.matches("input, textarea, select")) {
    before = document.activeElement;
    document.getElementById("ending-stay").focus(); // so that it is read out, and Enter stays; whoever types goes on typing
  }
}

/** The warning goes, and the keys are again where they were. */
function calm() {
  const held = ending.contains(document.activeElement);
  ending.hidden = true;
  if (held) before?.focus({ preventScroll: true });
}
