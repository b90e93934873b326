// Popovers: <details class="popover"> of chips and menus. They open without JavaScript; this closes them from
// outside and by Escape, keeps them inside the window, asks for what they hold when they are opened, and keeps
// them open when their part of the page is replaced.
import { ask } from "./lazy.js";

const MARGIN = 8;

function opened(root = document) {
  return [...root.querySelectorAll("details.popover[open]")];
}

document.addEventListener("click", (event) => {
  for (const popover of opened()) if (!popover.contains(event.target)) popover.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const innermost = opened().at(-1);
  if (!innermost || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  innermost.open = false;
  innermost.querySelector("summary").focus();
});

document.addEventListener(
  "toggle",
  (event) => {
    const popover = event.target;
    if (!popover.matches?.("details.popover")) return;
    delete popover.dataset.align;
    if (!popover.open) return;
    for (const other of opened()) if (!other.contains(popover) && other !== popover) other.open = false;
    const panel = popover.querySelector("[data-lazy]");
    if (panel) ask(panel);
    place(popover);
  },
  true,
);

function place(popover) {
  const panel = popover.querySelector(".popover__panel");
  if (!panel) return;
  const box = panel.getBoundingClientRect();
  const summary = popover.querySelector("summary").getBoundingClientRect();
  if (box.right > window.innerWidth - MARGIN) popover.dataset.align = "end";
  else if (box.bottom > window.innerHeight - MARGIN && summary.top > box.height + MARGIN) popover.dataset.align = "above";
}

// A swap replaces <details>; those that were open, what they had loaded and where their lists stood, are put back.
let kept = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  kept = [...event.detail.target.querySelectorAll("details[open][id]")].map((details) => ({
    id: details.id,
    scroll: details.querySelector(".popover__body")?.scrollTop ?? 0,
    find: details.querySelector("[data-narrow]")?.value,
    finds: document.activeElement.matches("[data-narrow]") && details.contains(document.activeElement),
    panel: details.querySelector(":scope > .popover__panel:not([data-lazy])"),
  }));
});

document.addEventListener("htmx:afterSwap", () => {
  for (const { id, scroll, find, finds, panel } of kept) {
    const details = document.getElementById(id);
    if (!details) continue;
    const fresh = details.querySelector(":scope > [data-lazy]");
    if (panel && fresh) {
      fresh.replaceChildren(...panel.childNodes);
      fresh.removeAttribute("data-lazy");
    }
    details.open = true;
    const narrow = details.querySelector("[data-narrow]");
    if (narrow && find) {
      narrow.value = find;
      narrow.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (finds) narrow?.focus();
    const list = details.querySelector(".popover__body");
    if (list) list.scrollTop = scroll;
  }
  kept = [];
});

// Choices that came change the size of their panel.
document.addEventListener("htmx:afterSettle", (event) => {
  const popover = event.detail.target?.closest?.("details.popover[open]");
  if (popover) place(popover);
});
