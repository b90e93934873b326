// Keyboard: "/" searches, "?" shows the keys, "g" then a letter goes somewhere, j and k walk the rows. The keys can
// be switched off in their help, because some people's tools send letters.
const SEQUENCE_MS = 1200;
const STORED = "shortcuts-off";
let goingUntil = 0;

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (localStorage.getItem(STORED) || document.querySelector("dialog[open]")) return;
  if (act(event.key)) event.preventDefault();
});

function act(key) {
  if (Date.now() < goingUntil) {
    goingUntil = 0;
    return go(key);
  }
  if (key === "g") goingUntil = Date.now() + SEQUENCE_MS;
  if (key === "/") return search();
  if (key === "?") return help();
  if (key === "j") return walk(1);
  if (key === "k") return walk(-1);
  return false;
}

function go(key) {
  const link = document.querySelector(`a[data-go="${CSS.escape(key)}"]`);
  link?.click();
  return Boolean(link);
}

function search() {
  const field = document.querySelector("[data-search]");
  field?.focus();
  field?.select();
  return Boolean(field);
}

function help() {
  const dialog = document.getElementById("shortcuts");
  dialog?.showModal();
  return Boolean(dialog);
}

function walk(step) {
  const rows = [...document.querySelectorAll("tr[data-row]")];
  const row = document.activeElement.closest?.("tr[data-row]") ?? document.querySelector("tr[data-row][data-open]");
  const here = rows.indexOf(row);
  const next = rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step];
  next?.querySelector("a[href]")?.focus();
  return Boolean(next);
}

const toggle = document.querySelector("[data-shortcuts-toggle]");
if (toggle) {
  toggle.checked = !localStorage.getItem(STORED);
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, "1");
  });
}
