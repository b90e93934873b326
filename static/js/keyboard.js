// Keyboard: "/" searches, "?" shows the keys, "g" then a letter goes somewhere, j and k walk the rows, or open the next
// where one is open. The keys can be switched off in their help, because some people's tools send letters.
import { neighbour, shown } from "./open_row.js";
import { isResting } from "./resting.js";

const SEQUENCE_MS = 1200;
const STORED = "shortcuts-off";
let goingUntil = 0;

// Whether a key is a shortcut at all: nobody types with it, and nothing else has taken it.
export function isFree(event) {
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || event.defaultPrevented) return false;
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && !event.target.matches("[data-choose], [data-choose-page]");
  if (event.target.isContentEditable || isTyping) return false;
  return !localStorage.getItem(STORED) && !document.querySelector("dialog[open]") && !isResting();
}

// The key in Latin letters: where another alphabet is switched on, what stands on the same key.
export function keyOf(event) {
  const isForeign = /^\p{L}$/u.test(event.key) && !/^[a-z]$/i.test(event.key);
  return (isForeign ? event.code.replace(/^Key/, "") : event.key).toLowerCase();
}

document.addEventListener("keydown", (event) => {
  if (isFree(event) && act(keyOf(event))) event.preventDefault();
});

function act(key) {
  if (Date.now() < goingUntil) {
    goingUntil = 0;
    go(key);
    // The second letter is used up, wherever it led: "a" after "g" is no answer.
    return true;
  }
  if (key === "g") goingUntil = Date.now() + SEQUENCE_MS;
  if (key === "/") return search();
  if (key === "?") return help();
  if (key === "j") return walk(1);
  if (key === "k") return walk(-1);
  return false;
}

function go(key) {
  document.querySelector(`a[data-go="${CSS.escape(key)}"]`)?.click();
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
  const marked = document.querySelector("tr[data-row][data-open]");
  const here = rows.indexOf(document.activeElement.closest?.("tr[data-row]") ?? marked);
  const next = shown() ? neighbour(step) : rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step];
  if (!next) return false;
  next.scrollIntoView({ block: "nearest" });
  if (shown()) next.querySelector("a[data-panel]")?.click();
  else next.querySelector("a[href]")?.focus();
  return true;
}

const toggle = document.querySelector("[data-shortcuts-toggle]");
if (toggle) {
  toggle.checked = !localStorage.getItem(STORED);
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, "1");
  });
}
