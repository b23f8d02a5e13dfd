// Reloading or coming back to a page that answered a form must not send that form a second time. Its address loses the
// fragment that the skip link left behind: going there would take the focus from what went wrong.
if (document.querySelector(".govuk-error-summary")) history.replaceState(null, "", location.pathname + location.search);

// Changing the language keeps what was typed, secrets aside, until the page in the other language has taken it up.
const KEPT = "typed";
const fields = () => document.querySelectorAll("main input[name]:not([type=hidden], [type=password], [autocomplete=one-time-code], [autocomplete=off])");

for (const link of document.querySelectorAll("a[hreflang]")) {
  link.addEventListener("click", () => {
    const typed = [...fields()].map(({ name, value }) => [name, value]);
    sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, typed }));
  });
}

const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
sessionStorage.removeItem(KEPT);
if (kept.path === location.pathname) {
  for (const [name, value] of kept.typed) {
    for (const field of fields()) if (field.name === name && !field.readOnly) field.value = value;
  }
}
