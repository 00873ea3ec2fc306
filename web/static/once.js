/** A form that was sent is not sent again while its answer is on its way, however often its button is pressed. */

const PAGE = 10_000; // ms after which nobody waits for a page any more
const FILE = 2_000; // ms: a file leaves the form where it is, and may be wanted once more

/** Watch over every form. What our other scripts send themselves they have already held back. */
export function start() {
  let sent = new WeakMap(); // forms, each with the time
  window.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const now = performance.now();
    const pause = "file" in event.target.dataset ? FILE : PAGE;
    if (now - (sent.get(event.target) ?? -Infinity) < pause) event.preventDefault();
    else sent.set(event.target, now);
  });
  window.addEventListener("pageshow", () => (sent = new WeakMap())); // gone back to
}
