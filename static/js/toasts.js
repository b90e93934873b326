// Toasts: what happened out of sight. The server sends them as HX-Trigger "toast" {tone, text}; requests that
// fail are told in the words that the page carries in data- attributes.
import { announce } from "./announcing.js";
import { isUnreached } from "./reaching.js";

const STAYS_MS = 8000;
const region = document.getElementById("toasts");
const template = document.getElementById("toast-template");

export function toast(text, tone = "info", anew = "") {
  if (!region || !text) return;
  const said = [...region.children].some((one) => one.querySelector("[data-toast-text]").textContent === text);
  if (said) return announce(text);
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.tone = tone;
  item.querySelector("[data-toast-text]").textContent = text;
  const link = item.querySelector("[data-toast-anew]");
  if (anew) Object.assign(link, { href: location.href, textContent: anew, hidden: false });
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
  document.body.addEventListener("toast", ({ detail }) => toast(detail.text, detail.tone, detail.anew));
  document.body.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    // The answer has said it itself, or the strip about the connection says it.
    if (event.detail.xhr.getResponseHeader("HX-Trigger")?.includes('"toast"') || isUnreached()) return;
    // What only adds to a page and asks again by itself is no news.
    if (event.detail.requestConfig.elt.hasAttribute("data-quiet")) return;
    toast(region.dataset[`text${status}`] ?? region.dataset.textError, "danger");
  });
}
