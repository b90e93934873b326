// Opening: the row that is asked for takes the place of the one that is open beside the list.
import { aim } from "./acting.js";
import { flush } from "./drafting.js";
import { mark, place } from "./open_row.js";
import { answered } from "./sending.js";

// One at a time, and of those asked for meanwhile the last: htmx would send the next one to a panel that is gone by then.
let wanted = null;
let isOpening = false;

export async function open(address, options = {}) {
  wanted = { address, ...options };
  flush();
  leave();
  if (isOpening) return;
  isOpening = true;
  try {
    while (wanted) {
      // An answer that is on its way is told where it was given.
      await answered();
      if (wanted) await load(wanted);
    }
  } finally {
    isOpening = false;
    stay(place());
    document.dispatchEvent(new Event("panel-settled"));
  }
}

// What is shown takes no answer and no text any more: it is about to go.
function leave() {
  const panel = place();
  panel.ariaBusy = "true";
  panel.inert = true;
  if (wanted.key) panel.dataset.coming = wanted.key;
  mark();
}

function stay(panel) {
  panel.removeAttribute("aria-busy");
  panel.inert = false;
  delete panel.dataset.coming;
  mark();
}

async function load({ address, focuses, act }) {
  leave();
  wanted = null;
  const panel = place();
  try {
    await window.htmx.ajax("GET", `${address}${address.includes("?") ? "&" : "?"}beside`, { target: `#${panel.id}`, swap: "outerHTML" });
  } catch {
    // Not reached: that is said in its own place, and what is open stays.
  } finally {
    stay(panel);
  }
  if (wanted) return;
  place()?.scrollTo(0, 0);
  const control = act && place()?.querySelector(`.task-panel__acts [data-act="${act}"]`);
  if (control && aim(control)) return;
  if (focuses) place()?.querySelector("[data-panel-title]")?.focus({ preventScroll: true });
}

// An answer that was not taken is looked at first.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if ([409, 422].includes(detail.xhr?.status) && detail.target.id === place()?.id) wanted = null;
});

// While another row is coming, the panel neither asks for itself anew nor takes an answer to that.
for (const name of ["htmx:beforeRequest", "htmx:beforeSwap"]) {
  document.addEventListener(name, (event) => {
    const { elt, requestConfig } = event.detail;
    const asks = requestConfig?.elt ?? elt;
    if (!asks.hasAttribute("data-poll") || asks.closest("[data-opened]")?.ariaBusy !== "true") return;
    if (name === "htmx:beforeRequest") event.preventDefault();
    else event.detail.shouldSwap = false;
  });
}
