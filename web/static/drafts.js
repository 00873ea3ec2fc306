/** What is typed into a field marked `data-draft` is kept by the box, sealed, until it is sent: a log-off in between loses nothing. */

import { ask } from "./ask.js";

const PAUSE = 800; // ms without a key
const waiting = new Map(); // fields that changed, each with its timer

const fields = () => [...document.querySelectorAll("[data-draft]")];
/** A field that says what it is called is forgotten by the box itself, once its form was taken. */
const nameOf = (field) => field.dataset.draft || `${window.location.pathname.toLowerCase()}:${field.name.toLowerCase()}`;

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
    const text = kept[nameOf(field)];
    if (!text || !field.isConnected || field.value !== field.defaultValue || text === field.value) continue;
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
  clearTimeout(waiting.get(field));
  waiting.set(field, setTimeout(() => keep(field, typed(field)), PAUSE));
}

const keepWaiting = () => [...waiting.keys()].map((field) => keep(field, typed(field)));

function submitted(event) {
  const form = event.target;
  if (new URL(form.action).pathname === "/logout" && waiting.size) {
    event.preventDefault(); // first what was typed just now: afterwards nobody is there to keep it for
    Promise.allSettled(keepWaiting()).then(() => form.submit());
    return;
  }
  for (const field of form.querySelectorAll("[data-draft]")) {
    clearTimeout(waiting.get(field));
    waiting.delete(field);
    if (!field.dataset.draft) keep(field, "");
  }
}

/** `keepalive`: also while the page is going. */
function keep(field, text) {
  clearTimeout(waiting.get(field));
  waiting.delete(field);
  const body = new FormData(); // as octets: in an address's form an accented letter would be six
  body.set("field", nameOf(field));
  body.set("text", text);
  return fetch("/drafts", { method: "POST", body, headers: { "Keepline-Part": "yes" }, keepalive: true }).catch(() => {});
}
