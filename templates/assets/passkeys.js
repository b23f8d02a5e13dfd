// A form with data-passkey="get" or "create" carries the options; the browser's answer leaves in its hidden field.
// A "get" form also waits for a passkey picked inside the email field; pressing its button ends that wait first.
const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && window.PublicKeyCredential.parseCreationOptionsFromJSON;
let waiting = new AbortController();

async function ask(form, mediation) {
  waiting.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const options = JSON.parse(form.dataset.options);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), signal })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), mediation, signal });
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  form.submit();
}

async function waitInField(form) {
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
    ask(form, "conditional").catch(() => {});
  }
}

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  const failed = form.querySelector("[data-passkey-failed]");
  const autofill = form.hasAttribute("data-autofill");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    failed.hidden = true;
    ask(form).catch((error) => {
      failed.hidden = error.name === "AbortError";
      if (autofill) waitInField(form);
    });
  });
  if (autofill) waitInField(form);
}

for (const element of able ? document.querySelectorAll("[data-without-passkeys]") : []) {
  element.hidden = true;
}
