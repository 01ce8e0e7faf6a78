// The keyboard: j and k walk through the rows, one letter for each thing that is done often.

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

function walk(by) {
  const rows = [...document.querySelectorAll("[data-row] .open")];
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

function take() {
  const row = document.activeElement.closest("[data-row]") ?? document;
  row.querySelector("[data-take]")?.click();
}

function note() {
  const card = document.getElementById("note-card");
  if (!card) return;
  card.open = true;
  document.getElementById("note").focus();
}

const actions = {
  j: () => walk(1),
  k: () => walk(-1),
  c: take,
  r: () => document.getElementById("text")?.focus(),
  n: note,
  g: () => location.assign("/desk/"),
  "/": () => location.assign("/desk/search"),
  "?": () => document.getElementById("keys").showModal(),
};

export function keys() {
  addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Escape" && typing(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const action = actions[event.key];
    if (!action || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    action();
  });
}
