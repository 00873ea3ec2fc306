/** Every action has a key. What is typed into a field stays there. */

import { fax } from "./fax.js";
import { currentLink, links } from "./list.js";
import { close, complain, open, press, sideBySide, toNotes } from "./message.js";
import { player } from "./player.js";

const help = document.getElementById("keys");
const search = document.getElementById("search");

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  " ": () => player()?.toggle() ?? fax()?.down(),
  ArrowLeft: () => player()?.skip(-5) ?? fax()?.step(-1),
  ArrowRight: () => player()?.skip(5) ?? fax()?.step(1),
  "-": () => fax()?.smaller(),
  "+": () => fax()?.larger(),
  "=": () => fax()?.larger(), // the same key without shift
  0: () => fax()?.fit(),
  l: () => fax()?.turn("left"),
  r: () => fax()?.turn("right"),
  h: () => press("heard"),
  n: () => toNotes(),
  e: () => press("erase"),
  u: () => press("undo"),
  "/": () => search?.select(),
  "?": () => help.showModal(),
  Escape: () => document.body.classList.contains("reading") && close(),
};

/** Listen for them, and offer them to the mouse. */
export function start() {
  const button = document.getElementById("show-keys");
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return;
    if (!(key in KEYS) || belongsTo(event.target, key)) return;
    event.preventDefault();
    KEYS[key]();
  });
}

/** Does the element that has the focus need this key for itself? */
function belongsTo(target, key) {
  if (target.matches(".wave-seek")) return false;
  if (target === search && key === "Escape") return false;
  if (target.matches("input, select, textarea")) return true;
  return key === " " && target.matches("button, summary");
}

function move(by) {
  const rows = links();
  const place = rows.indexOf(currentLink());
  const next = place < 0 ? rows[0] : rows[place + by];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  if (sideBySide()) open(next, { focus: "none" }).catch(complain);
}
