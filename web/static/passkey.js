/** Passkeys: asks the browser for one, or to make one, and sends what it says with the form. What it must say in words stands in the form. */

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  if (!window.PublicKeyCredential) {
    form.querySelector(".passkey-none")?.removeAttribute("hidden");
    continue;
  }
  button.hidden = false;
  form.querySelector(".passkey-more")?.removeAttribute("hidden");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    say(form, "");
    use(form).catch((error) => say(form, words(form, error))).finally(() => button.removeAttribute("aria-disabled"));
  });
}
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());

async function use(form) {
  const options = read(form.dataset.question ?? (await question(form.dataset.from)));
  const making = form.dataset.passkey === "make";
  const given = making ? await navigator.credentials.create({ publicKey: options }) : await navigator.credentials.get({ publicKey: options });
  const prf = given.getClientExtensionResults().prf;
  const derived = prf?.results?.first ?? (making && prf?.enabled ? await derive(form, given, options) : null);
  form.elements.answer.value = JSON.stringify(plain(given));
  form.elements.derived.value = derived ? text(derived) : "";
  form.submit();
}

/** Some authenticators derive only when they are asked, not when they make: so ask. Who does not want to has a passkey that only proves who is there. */
async function derive(form, made, { rp, extensions }) {
  const tell = form.querySelector(".passkey-again");
  if (tell) tell.hidden = false;
  try {
    const given = await navigator.credentials.get({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rpId: rp.id,
        allowCredentials: [{ type: "public-key", id: made.rawId }],
        userVerification: "required",
        extensions,
      },
    });
    return given.getClientExtensionResults().prf?.results?.first ?? null;
  } catch {
    return null;
  }
}

async function question(address) {
  const answer = await fetch(address, { method: "POST", headers: { "Keepline-Part": "yes" }, redirect: "error", signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new TypeError("no question");
  return answer.text();
}

function read(json) {
  const told = JSON.parse(json);
  told.challenge = octets(told.challenge);
  if (told.user) told.user.id = octets(told.user.id);
  for (const list of [told.excludeCredentials, told.allowCredentials]) for (const one of list ?? []) one.id = octets(one.id);
  told.extensions.prf.eval.first = octets(told.extensions.prf.eval.first);
  return told;
}

function plain({ id, rawId, type, response }) {
  const told = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = text(response[name]);
  }
  return { id, rawId: text(rawId), type, response: told };
}

function words(form, error) {
  if (error.name === "InvalidStateError") return form.dataset.known;
  return error.name === "NotAllowedError" || error.name === "AbortError" ? form.dataset.cancelled : form.dataset.failed;
}

function say(form, sentence) {
  const place = form.querySelector(".mistake");
  place.hidden = !sentence;
  place.querySelector("span").textContent = sentence;
}

function octets(coded) {
  return Uint8Array.from(atob(coded.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
