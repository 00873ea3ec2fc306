/** Long work of the box: how far it is, every two seconds, until the page that shows what came of it. */

import { Refused, ask, elements } from "./ask.js";

const EVERY = 2000; // ms

/** Keep `work`, an element that tells where its progress is to be had, fresh. */
export async function follow(work) {
  for (;;) {
    await new Promise((done) => setTimeout(done, EVERY));
    try {
      const fresh = elements(await ask(work.dataset.follow)).getElementById("work");
      if (!fresh) break;
      work.replaceChildren(...fresh.children);
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // the box is busy: it is asked again
    }
  }
  window.location.reload();
}
