/** Every request of our scripts goes through here: pieces of a page come back, refusals come back in plain words, an ended session ends the page. */

import { policy } from "./types.js";
import { say } from "./words.js";

let endsAt = Infinity; // ms since 1970: when the box said the session would end
let loggingOff = false; // somebody has pressed the button, and the page that says so is on its way

document.addEventListener("submit", (event) => {
  if (new URL(event.target.action).pathname === "/logout") loggingOff = true;
});

export class Refused extends Error {}

/** The text at `address`; with `form` it is sent there, as octets when it is `FormData`. Throws `Refused` with words for a person. */
export async function ask(address, form = null) {
  let answer;
  try {
    answer = await fetch(address, {
      method: form ? "POST" : "GET",
      body: form instanceof FormData || !form ? form : new URLSearchParams(form),
      headers: { "Keepline-Part": "yes" },
      redirect: "error",
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new Refused(say("silent"));
  }
  const text = await answer.text();
  if (answer.status === 401) leave();
  if (!answer.ok) throw Object.assign(new Refused(text), { status: answer.status, piece: text });
  return text;
}

/** The elements that `html`, which our own server made, describes. */
export function elements(html) {
  const holder = document.createElement("template");
  holder.innerHTML = policy.createHTML(html);
  return holder.content;
}

/** Remember when the session will end. */
export function expectEnd(seconds) {
  endsAt = Date.now() + seconds * 1000;
}

/** Has the session's time run out, as far as this page knows? */
export function overdue() {
  return Date.now() > endsAt;
}

/** The session has ended: nothing of it stays on the screen. */
export function leave() {
  const why = Date.now() > endsAt - 3000 ? "idle" : "locked";
  document.body.hidden = true;
  if (!loggingOff) window.location.replace(`/login?why=${why}`);
}
