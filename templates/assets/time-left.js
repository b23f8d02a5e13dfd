// Two minutes before the sign-in expires, ask; whatever answers the question gives more time, and nothing typed is lost.
const WARNED = 120_000;
const dialog = document.getElementById("time-left");

async function stay(form) {
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok) return location.reload();
  watch((await answer.json()).seconds);
}

function watch(seconds) {
  const end = Date.now() + seconds * 1000;
  const look = () => {
    const left = end - Date.now();
    if (left <= 0) location.reload();
    else if (left <= WARNED && !dialog.open) dialog.showModal();
    if (left > 0) timer = setTimeout(look, left <= WARNED ? left : Math.min(left - WARNED, 60_000));
  };
  clearTimeout(timer);
  look();
}

let timer;
if (dialog) {
  const form = dialog.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => stay(form).catch(() => location.reload()));
  watch(Number(dialog.dataset.seconds));
}
