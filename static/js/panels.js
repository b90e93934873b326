// Panels: on a wide screen a link with data-panel opens its page beside the list; on a narrow one it is a page.
// Without JavaScript all of them are ordinary links.
import { missing } from "./acting.js";
import { ID, mark, place, row } from "./open_task.js";

const WIDE = window.matchMedia("(min-width: 1200px)");

document.addEventListener("click", (event) => {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const closer = event.target.closest("[data-panel-close]");
  if (closer && document.querySelector(".inbox")) {
    event.preventDefault();
    close();
    return;
  }
  const link = event.target.closest("a[data-panel]");
  if (!link || !WIDE.matches || !place()) return;
  event.preventDefault();
  open(link.href, { focuses: event.detail === 0, act: link.dataset.act });
});

// Escape closes the panel; out of a field it leads to the panel first, so that what was typed is not lost by one key.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
  if (!place()?.dataset.task || !document.querySelector(".inbox")) return;
  if (document.querySelector("dialog[open], details.popover[open]")) return;
  if (!event.target.matches("input, textarea, select")) close();
  else if (place().contains(event.target)) document.getElementById("task-title")?.focus({ preventScroll: true });
});

// One at a time, and of those asked for meanwhile the last: htmx would send the next one to a panel that is gone by then.
let wanted = null;
let isOpening = false;

export async function open(address, options = {}) {
  wanted = { address, ...options };
  if (isOpening) return;
  isOpening = true;
  try {
    while (wanted) await load(wanted);
  } finally {
    isOpening = false;
  }
}

async function load({ address, focuses, act }) {
  wanted = null;
  const panel = place();
  panel.ariaBusy = "true";
  try {
    await window.htmx.ajax("GET", `${address}${address.includes("?") ? "&" : "?"}beside`, { target: `#${ID}`, swap: "outerHTML" });
  } finally {
    panel.removeAttribute("aria-busy");
  }
  if (wanted) return;
  place()?.scrollTo(0, 0);
  const control = act && place()?.querySelector(`.task-panel__acts [data-act="${act}"]`);
  const first = control && missing(control);
  if (first) first.focus();
  else if (focuses) document.getElementById("task-title")?.focus({ preventScroll: true });
}

// While another task is coming, the panel neither asks for itself anew nor takes an answer to that.
for (const name of ["htmx:beforeRequest", "htmx:beforeSwap"]) {
  document.addEventListener(name, (event) => {
    const { elt, requestConfig } = event.detail;
    const asks = requestConfig?.elt ?? elt;
    if (asks.id !== ID || asks.ariaBusy !== "true") return;
    if (name === "htmx:beforeRequest") event.preventDefault();
    else event.detail.shouldSwap = false;
  });
}

function close() {
  const task = place().dataset.task;
  const empty = document.createElement("div");
  empty.id = ID;
  empty.hidden = true;
  place().replaceWith(empty);
  const address = new URL(location.href);
  address.searchParams.delete("open");
  history.replaceState(history.state, "", address);
  mark();
  row(task)?.querySelector("a[data-panel]")?.focus();
}

// An address with a task open beside the list leads, on a narrow screen, to the task's own page.
if (!WIDE.matches && document.querySelector(".inbox") && place()?.dataset.task) {
  const own = new URL(location.href);
  own.pathname = place().getAttribute("hx-get").split("?")[0];
  own.searchParams.delete("open");
  location.replace(own);
}
