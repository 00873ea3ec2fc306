/** "Give me another": other words, and what was typed so far stays. */

import { ask } from "./ask.js";

const link = document.getElementById("another");
link.setAttribute("role", "button");
link.addEventListener("click", async (event) => {
  event.preventDefault();
  try {
    document.getElementById("offered").textContent = await ask(link.href);
  } catch {
    window.location.assign(link.href);
  }
});
