/**
 * Does this browser trust the box's certificate, or has somebody clicked a warning away? A page cannot ask; but no browser registers a service worker where it
 * does not trust. Ours does nothing and goes at once. Where it could be registered, the box is told, and asks to be insisted on from then on.
 */

import { policy } from "./types.js";

const place = document.querySelector("[data-worker]");

async function trusts(address) {
  const worker = await navigator.serviceWorker.register(policy.createScriptURL(address));
  await worker.unregister();
}

if (place && "serviceWorker" in navigator) {
  try {
    await trusts(place.dataset.worker);
    await fetch("/trusted", { method: "POST" });
    for (const part of document.querySelectorAll("[data-untrusted]")) part.hidden = true;
    for (const part of document.querySelectorAll("[data-trusted]")) part.hidden = false;
  } catch {
    // not trusted yet, or not able to tell: the page says what to do
  }
}
