// Resting: after the page changed by itself under somebody's hands single keys mean nothing, until a pointer or Tab
// shows that it was seen, and for a moment after the change in any case.
import { sentLately } from "./sending.js";
import { shown } from "./open_row.js";

const PAUSE_MS = 2000;
let until = 0;
let isUnseen = false;
let before = null;

export function rest() {
  until = Date.now() + PAUSE_MS;
  isUnseen = true;
}

export const isResting = () => isUnseen || Date.now() < until;

document.addEventListener("pointerdown", () => (isUnseen = false), true);
document.addEventListener("keydown", (event) => event.key === "Tab" && (isUnseen = false), true);
// Keys that only look about show it, too, once the moment is over.
const LOOKING = ["KeyJ", "KeyK", "Slash"];
document.addEventListener("keydown", (event) => LOOKING.includes(event.code) && Date.now() >= until && (isUnseen = false), true);

// What the page asks by the clock may change what a key would do: what the open task or the row with the focus offers.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt, triggeringEvent } = detail.requestConfig;
  const isUnasked = elt.hasAttribute("data-poll") && !triggeringEvent;
  before = isUnasked && detail.shouldSwap && !sentLately() ? offered() : null;
});

document.addEventListener("htmx:afterSettle", () => {
  if (before !== null && offered() !== before) rest();
  before = null;
});

function offered() {
  const place = shown() ?? document.activeElement?.closest?.("tr[data-row]");
  const acts = [...(place?.querySelectorAll("[data-act]") ?? [])].map((control) => control.textContent.trim());
  return [place?.dataset.opened ?? place?.dataset.row, ...acts].join("|");
}
