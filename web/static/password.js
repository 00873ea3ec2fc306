/** A new password: use the words that are offered, and look at what was typed. */

const field = document.getElementById("password");
const show = document.getElementById("show-password");
const use = document.getElementById("use-offered");

show.hidden = use.hidden = false;
show.addEventListener("click", () => look(field.type === "password"));
use.addEventListener("click", () => {
  field.value = document.getElementById("offered").value;
  look(true);
  field.focus();
});
field.form.addEventListener("submit", () => look(false));

function look(open) {
  field.type = open ? "text" : "password";
  show.setAttribute("aria-pressed", String(open));
}
