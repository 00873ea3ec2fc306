/** Search while typing. What is searched for travels in a body and stays in the session, never in an address. */

import { ask } from "./ask.js";
import { refresh } from "./list.js";
import { complain } from "./message.js";

const PAUSE = 250; // ms without a key

/** Make the search field work. */
export function start() {
  const field = document.getElementById("search");
  let timer = 0;
  const find = () => {
    clearTimeout(timer);
    ask("/search", { search: field.value }).then(() => refresh("/parts/list")).catch(complain);
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (field.value) {
      field.value = "";
      find();
    }
    field.blur();
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[action='/search']")) return;
    event.preventDefault();
    field.value = event.target.elements.search.value;
    find();
  });
}
