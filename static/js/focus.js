// Focus: after a part of the page is replaced, focus returns to the control that had it, or to the nearest thing
// that took its place; and the new number of results is announced.
import { announce } from "./announcing.js";

const FOCUSABLE = "a[href], button:not(:disabled), summary, input:not([type='hidden']), select, textarea, [tabindex]";
let trail = [];
let pressed = null;

// What is pressed in a form that stays (data-stays) is out of reach until the answer is there: its focus is kept in mind.
document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (detail.elt.matches("[data-stays]")) pressed = document.activeElement;
});
document.addEventListener("focusin", () => (pressed = null));

// What the keys reach in a line that scrolls sideways is seen whole.
document.addEventListener("focusin", ({ target }) => {
  if (target.closest(".states, .filters__form") && target.matches(":focus-visible")) {
    target.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const isLost = document.activeElement === document.body && pressed;
  const active = isLost ? pressed : document.activeElement;
  trail = [];
  mark(event.detail.target, active);
});

// What comes out of band with an answer takes the place of what may have the focus, too.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => mark(detail.target, document.activeElement));

function mark(target, active) {
  if (!target.contains(active)) return;
  trail = [];
  for (let node = active; node && node !== document.body; node = node.parentElement) {
    if (node.id) trail.push(node.id);
    if (node === target) break;
  }
}

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const lost = !document.activeElement || document.activeElement === document.body;
  if (trail.length && lost) restore();
  trail = [];
  // Of a part that was painted anew only what stands in it is news.
  const part = document.getElementById(detail.target?.id) ?? detail.elt;
  const said = part?.matches("[data-announce]") ? part : part?.querySelector("[data-announce]");
  announce(said?.textContent.trim().replace(/\s+/g, " "));
});

function restore() {
  for (const id of trail) {
    const place = document.getElementById(id);
    const control = place?.matches(FOCUSABLE) ? place : place?.querySelector(FOCUSABLE);
    if (control) {
      control.focus({ preventScroll: true });
      return;
    }
  }
}
