// Toasts: what happened out of sight. The server sends them as HX-Trigger "toast" {tone, text}; requests that
// fail are told in the words that the page carries in data- attributes.
import { announce } from "./announcing.js";

const STAYS_MS = 8000;
const region = document.getElementById("toasts");
const template = document.getElementById("toast-template");

export function toast(text, tone = "info") {
  if (!region || !text) return;
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.tone = tone;
  item.querySelector("[data-toast-text]").textContent = text;
  region.append(item);
  raise();
  announce(text);
  // A failure stays until it is dismissed: it may be the only trace of it.
  if (tone !== "danger") setTimeout(() => remove(item), STAYS_MS);
}

function remove(item) {
  if (item.matches(":hover, :focus-within")) return setTimeout(() => remove(item), STAYS_MS);
  dismiss(item);
}

function dismiss(item) {
  item.remove();
  if (!region.childElementCount && region.matches(":popover-open")) region.hidePopover();
}

// Shown anew, the region stands above a dialog that was opened after it.
function raise() {
  if (!region.showPopover) return;
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
}

if (region) {
  region.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toast-close]");
    if (button) dismiss(button.closest(".toast"));
  });
  document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    toast(region.dataset[`text${status}`] ?? region.dataset.textError, "danger");
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, (event) => {
      // A page that asks again by itself says so in its own place; it must not pile up toasts.
      if (!event.detail.elt?.hasAttribute("data-poll")) toast(region.dataset.textOffline, "danger");
    });
  }
}
