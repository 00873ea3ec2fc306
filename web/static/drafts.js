/** What is typed into a field marked `data-draft` is kept by the box, sealed, until it is sent: a log-off in between loses nothing. */

import { ask } from "./ask.js";

const PAUSE = 800; // ms without a key
const waiting = new Map(); // fields that changed, each with its timer

const fields = () => [...document.querySelectorAll("[data-draft]")];
const nameOf = (field) => `${window.location.pathname.toLowerCase()}:${field.name.toLowerCase()}`;

/** Put back what was typed, and keep what is typed from now on. */
export function start() {
  if (!fields().length) return;
  restore().catch(() => {});
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-draft]")) later(event.target);
  });
  document.addEventListener("submit", (event) => {
    for (const field of event.target.querySelectorAll("[data-draft]")) keep(field, "");
  });
  window.addEventListener("pagehide", () => [...waiting.keys()].forEach((field) => keep(field, typed(field))));
}

async function restore() {
  const kept = JSON.parse(await ask("/drafts"));
  for (const field of fields()) {
    const text = kept[nameOf(field)];
    if (!text || text === field.value || field.value !== field.defaultValue) continue;
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

function later(field) {
  clearTimeout(waiting.get(field));
  waiting.set(field, setTimeout(() => keep(field, typed(field)), PAUSE));
}

/** `keepalive`: also while the page is going. */
function keep(field, text) {
  clearTimeout(waiting.get(field));
  waiting.delete(field);
  const body = new FormData(); // as octets: in an address's form an accented letter would be six
  body.set("field", nameOf(field));
  body.set("text", text);
  fetch("/drafts", { method: "POST", body, headers: { "Keepline-Part": "yes" }, keepalive: true }).catch(() => {});
}
