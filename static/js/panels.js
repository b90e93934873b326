// Panels: on a wide screen a link with data-panel opens its page beside the list; on a narrow one it is a page.
// Without JavaScript all of them are ordinary links.
import { ID, mark, place, row } from "./open_task.js";
import { open } from "./opening.js";

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
  open(link.href, { focuses: event.detail === 0, act: link.dataset.act, task: link.closest("tr")?.dataset.row });
});

// Escape closes the panel; out of a field it leads to the panel first, so that what was typed is not lost by one key.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
  if (!place()?.dataset.task || !document.querySelector(".inbox")) return;
  if (document.querySelector("dialog[open], details.popover[open]")) return;
  if (!event.target.matches("input, textarea, select")) close();
  else if (place().contains(event.target)) document.getElementById("task-title")?.focus({ preventScroll: true });
});

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
