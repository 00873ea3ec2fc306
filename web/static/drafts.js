/** What is typed into a field with a `data-draft`, its name, is kept by the box, sealed, until its form was taken: neither a log-off nor a refusal loses it. */

import { ask } from "./ask.js";

const PAUSE = 800; // ms without a key
const LONGEST = 2500; // ms that a letter waits where somebody types on and on
const PATIENCE = 2000; // ms for drafts on their way, before a form goes
const waiting = new Map(); // fields that changed: since when, and the timer
const sending = new Set(); // drafts on their way

const fields = () => [...document.querySelectorAll("[data-draft]")];
/** As a form has a text that was sent and came back. */
const plain = (text) => text.trim().replace(/\s+/g, " ");

/** Put back what was typed, and keep what is typed from now on. */
export function start() {
  restore().catch(() => {});
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-draft]")) typing(event.target);
  });
  document.addEventListener("submit", submitted);
  window.addEventListener("pagehide", keepWaiting);
}

/** Into fields that hold what they came with. */
export async function restore() {
  const empty = fields().filter((field) => field.value === field.defaultValue);
  if (!empty.length) return;
  const kept = JSON.parse(await ask("/drafts"));
  for (const field of empty) {
    const text = kept[field.dataset.draft];
    if (!text || !field.isConnected || field.value !== field.defaultValue || plain(text) === plain(field.value)) continue;
    field.value = text;
    const note = document.getElementById("draft-note").content.cloneNode(true).firstElementChild;
    note.querySelector("button").addEventListener("click", () => {
      field.value = field.defaultValue;
      keep(field, "");
      note.remove();
      field.focus();
    });
    field.before(note);
  }
}

/** What is to be kept: nothing of a field that holds what it came with. */
const typed = (field) => (field.value === field.defaultValue ? "" : field.value);

/** Something was typed into `field`: keep it soon. */
export function typing(field) {
  const { since = performance.now(), timer } = waiting.get(field) ?? {};
  clearTimeout(timer);
  const left = Math.max(0, Math.min(PAUSE, since + LONGEST - performance.now()));
  waiting.set(field, { since, timer: setTimeout(() => keep(field, typed(field)), left) });
}

const keepWaiting = () => [...waiting.keys()].forEach((field) => keep(field, typed(field)));

/** The form goes itself: no draft of its fields goes any more, and those on their way have come. What the box does with the form comes after them. */
export async function settled(form) {
  for (const field of form.querySelectorAll("[data-draft]")) stop(field);
  await Promise.race([Promise.allSettled([...sending]), new Promise((go) => setTimeout(go, PATIENCE))]);
}

function submitted(event) {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (new URL(form.action).pathname === "/logout" && (waiting.size || sending.size)) {
    event.preventDefault(); // first what was typed just now: afterwards nobody is there to keep it for
    keepWaiting();
    settled(form).then(() => form.submit());
  } else if (form.querySelector("[data-draft]")) {
    const under = settled(form);
    if (!sending.size) return;
    event.preventDefault();
    under.then(() => form.requestSubmit(event.submitter));
  }
}

function stop(field) {
  clearTimeout(waiting.get(field)?.timer);
  waiting.delete(field);
}

/** `keepalive`: also while the page is going. */
function keep(field, text) {
  stop(field);
  const body = new FormData(); // as octets: in an address's form an accented letter would be six
  body.set("field", field.dataset.draft);
  body.set("text", text);
  const draft = fetch("/drafts", { method: "POST", body, headers: { "Keepline-Part": "yes" }, keepalive: true }).catch(() => {});
  sending.add(draft);
  draft.finally(() => sending.delete(draft));
  return draft;
}
