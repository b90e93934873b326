// Choosing: rows of a list are chosen by their check boxes (data-choose), by Shift for a range and by the key X.
import { boxes, keep, read } from "./chosen.js";
import { isFree, keyOf } from "./keyboard.js";

let anchor = null;
let pointed = null;

// Chooses some of the rows that are shown, or leaves them out; of all that match, the page remains.
function choose(some, isChosen) {
  const { rows, whole } = read();
  const chosen = whole ? new Set(boxes().map((box) => box.value)) : rows;
  for (const box of some) chosen[isChosen ? "add" : "delete"](box.value);
  keep(chosen);
}

// From the row that was chosen last to this one.
function range(box) {
  const shown = boxes();
  const from = shown.findIndex((one) => one.value === anchor);
  const to = shown.indexOf(box);
  return from < 0 ? [box] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("input[data-choose]");
  if (box) {
    choose(event.shiftKey ? range(box) : [box], box.checked);
    anchor = box.value;
  } else if (event.target.matches("[data-choose-page]")) choose(boxes(), event.target.checked);
  else if (event.target.closest("[data-choose-rows]")) choose(boxes(), true);
  else if (event.target.closest("[data-choose-whole]")) keep(new Set(), true);
  else if (event.target.closest("[data-choose-none]")) {
    keep(new Set());
    document.querySelector("[data-choose-page]")?.focus({ preventScroll: true });
  }
});

document.addEventListener("pointermove", ({ target }) => (pointed = target.closest?.("tr[data-row]")), { passive: true });

document.addEventListener("keydown", (event) => {
  if (!isFree(event) || event.repeat || keyOf(event) !== "x") return;
  const row = document.activeElement?.closest?.("tr[data-row]") ?? (pointed?.isConnected ? pointed : null);
  const box = (row ?? document.querySelector("tr[data-row][data-open]"))?.querySelector("input[data-choose]");
  if (!box) return;
  event.preventDefault();
  choose(event.shiftKey ? range(box) : [box], event.shiftKey || !box.checked);
  anchor = box.value;
});

// Each press is a choice of its own.
document.addEventListener("click", ({ target }) => {
  const press = target.closest?.("#choosing [name='verb']");
  if (press) press.form.elements.pressed.value = `${Date.now()} ${Math.random()}`;
});
