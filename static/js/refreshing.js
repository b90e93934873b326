// Refreshing: a list is asked anew by "r" or its button. Whether an open list asks by itself is chosen for this device;
// rows of what is under way go on telling what becomes of them, and so does all that is no list.
import { isFree, keyOf } from "./keyboard.js";

const STORED = "refreshing-off";
const root = document.documentElement;

show();

export const isOff = () => root.hasAttribute("data-refreshing-off");

function show() {
  root.toggleAttribute("data-refreshing-off", Boolean(localStorage.getItem(STORED)));
}

function choose(isOn) {
  if (isOn) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, "1");
  show();
  document.querySelector(`[data-refreshing="${isOn ? "off" : "on"}"]`)?.focus();
  if (isOn) now();
}

function now() {
  const control = document.querySelector("a[data-refresh]");
  control?.click();
  return Boolean(control);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-refreshing]");
  if (button) choose(button.dataset.refreshing === "on");
});

document.addEventListener("keydown", (event) => {
  if (!isFree(event) || event.repeat || keyOf(event) !== "r") return;
  if (now()) event.preventDefault();
});

// Another tab of the same browser has chosen.
window.addEventListener("storage", show);

// What a table asks for by the clock, and nothing that something has caused; its list leaves rows out itself.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  if (!isOff() || requestConfig.triggeringEvent) return;
  if (elt.matches(".data-table > tbody[data-poll]")) event.preventDefault();
});
