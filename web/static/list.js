/** Keeps the list fresh without disturbing who reads it: rows that did not change stay the very elements they were. */

import { ask, elements } from "./ask.js";
import { count as howMany } from "./words.js";

const place = () => document.getElementById("list");
let titled = Number(place()?.dataset.new); // new messages that the title tells of
const news = document.getElementById("news");

/** Every row that opens, top to bottom. */
export const links = () => [...document.querySelectorAll("#rows .row > a")];

/** The row of the message that is open, or of the link that has the focus. */
export const currentLink = () =>
  document.querySelector("#rows a[aria-current]") ?? document.activeElement?.closest?.("#rows .row > a") ?? null;

/** Fetch the list anew; `from` another page of it. */
export async function refresh(from = place().dataset.part) {
  const fresh = elements(await ask(from)).getElementById("list");
  const old = place();
  const more = Number(fresh.dataset.new) - Number(old.dataset.new);
  const held = document.activeElement?.closest?.("#rows > li")?.id;
  const rows = old.querySelector("#rows");
  const freshRows = fresh.querySelector("#rows");
  if (rows && freshRows) {
    merge(rows, freshRows);
    freshRows.replaceWith(rows.cloneNode(false)); // a place holder, so that the rest can be compared
    for (const other of [...old.children]) if (other !== rows) other.remove();
    let after = false;
    for (const other of [...fresh.children]) {
      if (other.id === "rows") after = true;
      else if (after) old.append(other);
      else rows.before(other);
    }
    Object.assign(old.dataset, fresh.dataset);
  } else {
    old.replaceWith(fresh);
  }
  if (held && !document.getElementById(held)?.contains(document.activeElement)) {
    document.getElementById(held)?.querySelector("a, button")?.focus({ preventScroll: true });
  }
  showCurrent();
  tell(Number(fresh.dataset.new), more);
}

/** Mark the row of the message that the address names. */
export function showCurrent() {
  const here = window.location.pathname;
  for (const link of links()) {
    if (new URL(link.href).pathname === here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function merge(rows, fresh) {
  const wanted = [...fresh.children];
  const marks = new Map(wanted.map((row) => [row.id, row.dataset.mark]));
  for (const row of [...rows.children]) if (marks.get(row.id) !== row.dataset.mark) row.remove();
  let at = rows.firstElementChild;
  for (const row of wanted) {
    const kept = rows.querySelector(`:scope > #${CSS.escape(row.id)}`);
    if (kept && kept === at) at = at.nextElementSibling;
    else rows.insertBefore(kept ?? row, at);
  }
}

const heading = (count) => (count ? `${howMany("new", count)} · ` : "");

function tell(count, more) {
  document.title = `${heading(count)}${document.title.slice(heading(titled).length)}`;
  titled = count;
  if (more > 0) news.textContent = howMany("came", more);
}
