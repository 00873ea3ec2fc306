/** Opens messages beside the list (or over it, on a telephone) and does what can be done with one. */

import { ask, elements, Refused } from "./ask.js";
import { fax, setUp as setUpFax } from "./fax.js";
import { currentLink, links, refresh, showCurrent } from "./list.js";
import { say as tell } from "./words.js";
import { restore as restoreDrafts, settled, typing } from "./drafts.js";
import { player, setUp } from "./player.js";
import { active } from "./session.js";

const pane = document.getElementById("message");
const wide = window.matchMedia("(min-width: 60rem)");
const toastPlace = document.getElementById("toast");
let toastTimer = 0;

const article = () => pane.querySelector("[data-message]");
const idIn = (address) => new URL(address, window.location.href).pathname.match(/^\/messages\/([0-9a-f]{32})/)?.[1];

/** Are list and message both on the screen? */
export const sideBySide = () => wide.matches;

/** Take over links, forms and history of the list page. */
export function start() {
  document.addEventListener("click", clicked);
  document.addEventListener("submit", submitted);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("#note")) event.target.form.requestSubmit();
  });
  window.addEventListener("popstate", () => show(window.location.href).catch(complain));
  ready();
  keepToast();
}

/** Open the message behind `link`. */
export async function open(link, { focus = "message" } = {}) {
  const address = link.href;
  const state = { under: history.state?.under || !document.body.classList.contains("reading") };
  if (article() && sideBySide()) history.replaceState(state, "", address);
  else history.pushState(state, "", address);
  showCurrent();
  await show(address);
  if (focus === "message") pane.focus({ preventScroll: true });
}

/** Back to the list. */
export function close() {
  if (history.state?.under) history.back();
  else {
    history.pushState(null, "", "/");
    show("/").catch(complain);
  }
}

/** Bring the open message up to date and leave its player alone. */
export async function refreshMessage() {
  const old = article();
  if (!old) return;
  const fresh = elements(await piece(old.dataset.message)).querySelector("[data-message]");
  if (article() !== old) return;
  if (!fresh) {
    await show(window.location.href); // it is gone
    return;
  }
  old.dataset.state = fresh.dataset.state;
  for (const part of fresh.querySelectorAll("[data-piece]")) {
    const there = old.querySelector(`[data-piece="${part.dataset.piece}"]`);
    if (part.dataset.piece === "player" || there.isEqualNode(part)) continue;
    const held = there.contains(document.activeElement);
    there.replaceWith(part);
    if (held) part.querySelector("button")?.focus();
  }
}

/** Press the button for `deed` ("heard", "erase", "undo") if there is one. */
export function press(deed) {
  const selector = `form[data-do="${deed}"] button`;
  const places = deed === "undo" ? [toastPlace, pane, currentRow()] : [pane];
  for (const place of places) {
    const button = place?.querySelector(selector);
    if (button) return button.click();
  }
}

/** To the place where a note is written. */
export function toNotes() {
  const field = pane.querySelector("#note");
  if (!field?.checkVisibility()) return;
  field.focus({ preventScroll: true });
  field.closest("form").scrollIntoView({ block: "nearest" });
}

const currentRow = () => document.activeElement?.closest?.("#rows .row");

async function show(address) {
  const id = idIn(address);
  document.body.classList.toggle("reading", Boolean(id));
  if (!id) {
    const last = article()?.dataset.message;
    pane.replaceChildren(document.getElementById("choose").content.cloneNode(true));
    setUp(pane, {});
    setUpFax(pane, {});
    showCurrent();
    document.querySelector(`#m-${last} > a`)?.focus({ preventScroll: true });
    return;
  }
  const html = await piece(id);
  if (idIn(window.location.href) !== id) return; // somebody went on meanwhile
  pane.replaceChildren(elements(html));
  pane.scrollTop = 0;
  if (!sideBySide()) window.scrollTo(0, 0);
  showCurrent();
  ready();
  restoreDrafts().catch(() => {});
}

async function piece(id) {
  try {
    return await ask(`/parts/messages/${id}${window.location.search}`);
  } catch (refused) {
    if (refused.status === 404) return refused.piece;
    throw refused;
  }
}

function ready() {
  const id = article()?.dataset.message;
  const heard = () => {
    if (article()?.dataset.message === id && article().dataset.state === "new") say(id, "heard", { heard: "yes" }).catch(complain);
  };
  setUp(pane, { active, heard });
  setUpFax(pane, { active, read: heard });
}

async function say(id, deed, form) {
  const answer = await ask(`/messages/${id}/${deed}`, form);
  await Promise.all([refresh(), refreshMessage()]);
  return answer;
}

function clicked(event) {
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = event.target.closest("a");
  if (!plain || !link || event.defaultPrevented) return;
  if (link.matches("#rows a")) {
    event.preventDefault();
    if (link.getAttribute("aria-current") !== "true" || !sideBySide()) open(link).catch(complain);
  } else if (link.matches(".to-notes")) {
    event.preventDefault();
    toNotes();
  } else if (link.matches(".back")) {
    event.preventDefault();
    close();
  }
}

function submitted(event) {
  const deed = event.target.dataset.do;
  if (!deed) return;
  event.preventDefault();
  const id = idIn(event.target.action);
  const form = Object.fromEntries(new FormData(event.target));
  const deeds = { note: () => note(id, event.target), heard: () => say(id, "heard", form), erase: () => erase(id), undo: () => undo(id), turn: () => turn(id, form) };
  deeds[deed]().catch(complain);
}

async function note(id, form) {
  const field = form.elements.note;
  if (field.readOnly) return; // it is on its way
  field.readOnly = true; // what is typed meanwhile would be lost
  try {
    await settled(form);
    await ask(form.action, new FormData(form));
  } catch (refused) {
    const again = refused.piece && elements(refused.piece).querySelector("form.note-form");
    if (!again) throw refused;
    form.replaceWith(again);
    const text = again.elements.note.value;
    again.elements.note.defaultValue = ""; // it is a draft still, and no text that came with the page
    again.elements.note.value = text;
    typing(again.elements.note);
    again.elements.note.focus();
    return;
  } finally {
    field.readOnly = false;
  }
  for (const said of form.querySelectorAll(".mistake, .draft-note")) said.remove();
  form.querySelector(".field").classList.remove("wrong");
  field.removeAttribute("aria-invalid");
  field.setAttribute("aria-describedby", "note-hint");
  field.defaultValue = "";
  form.reset();
  form.elements.token.value = [...crypto.getRandomValues(new Uint8Array(16))].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  await Promise.all([refresh(), refreshMessage()]);
  document.getElementById("news").textContent = tell("noted");
}

async function erase(id) {
  const open_ = article()?.dataset.message === id;
  const rows = links();
  const place = rows.findIndex((link) => idIn(link.href) === id);
  const next = rows[place + 1] ?? rows[place - 1];
  if (open_) player()?.stop();
  const toast = await ask(`/messages/${id}/erase`, {});
  await refresh();
  if (open_ && sideBySide() && next?.isConnected) {
    await open(next, { focus: "none" });
    next.focus();
  } else if (open_) close();
  toastPlace.replaceChildren(elements(toast));
  keepToast();
}

async function undo(id) {
  await say(id, "undo", {});
  toastPlace.replaceChildren();
  const link = links().find((one) => idIn(one.href) === id);
  if (sideBySide() && link) await open(link);
  else link?.focus();
}

async function turn(id, form) {
  await ask(`/messages/${id}/turn`, form);
  const fresh = elements(await piece(id));
  if (article()?.dataset.message === id) fax()?.renew(fresh);
}

function keepToast() {
  clearTimeout(toastTimer);
  const toast = toastPlace.querySelector("[data-seconds]");
  if (toast) toastTimer = setTimeout(() => toast.remove(), Number(toast.dataset.seconds) * 1000);
}

/** Say in words what went wrong. */
export function complain(error) {
  if (!(error instanceof Refused)) throw error;
  const holder = document.createElement("div");
  holder.className = "toast";
  holder.dataset.seconds = "10";
  holder.append(Object.assign(document.createElement("p"), { textContent: error.message }));
  toastPlace.replaceChildren(holder);
  keepToast();
}
