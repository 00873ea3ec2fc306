/** Opening somebody's key takes a second: say so, and let nobody press twice. */

const form = document.querySelector("form");
const button = form.querySelector("button");

form.addEventListener("submit", () => {
  button.textContent = button.dataset.opening;
  button.setAttribute("aria-disabled", "true");
  form.addEventListener("submit", (event) => event.preventDefault());
});
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
