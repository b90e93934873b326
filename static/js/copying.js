// Copying: a button with data-copy puts the value of a field on the clipboard; a field with data-select selects itself.
import { announce } from "./announcing.js";

const BACK_MS = 2000;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  const label = button.querySelector("span");
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // Without the right to the clipboard the text stays selected, ready for the keyboard.
    return;
  }
  const said = label.textContent;
  label.textContent = button.dataset.copied;
  announce(button.dataset.copied);
  setTimeout(() => (label.textContent = said), BACK_MS);
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});
