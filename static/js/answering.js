// After a decision: the next task opens by itself, or what the answer still lacks has the focus.
import { place, row, shown } from "./open_row.js";
import { open } from "./opening.js";

// An answer that was not taken leads to the first field that is wrong: it may be far above the button.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.xhr?.status === 422 && event.detail.target?.id === place()?.id) {
    place()?.querySelector("[aria-invalid='true']")?.focus();
  }
});

// A file that is chosen again is missed no more.
document.addEventListener("change", ({ target }) => {
  const missed = target.matches("[type='file']") && target.closest(".field")?.querySelector("[data-missing]");
  if (missed) missed.hidden = target.files.length > 0;
});

// The list knows what comes next; the server's word counts where there is no list or it is at its end.
document.body.addEventListener("workflow-task-answered", ({ detail }) => {
  const here = row(detail.task);
  const panel = place();
  const next = following(here);
  if (panel?.dataset.opened !== String(detail.task)) {
    // Whoever went on meanwhile keeps the place they are at.
    const isThere = document.activeElement === document.body || here?.contains(document.activeElement);
    if (isThere && !shown()) next?.querySelector("a[data-panel]")?.focus();
    return;
  }
  const address = next?.querySelector("a[data-panel]")?.href ?? detail.next;
  if (address) open(new URL(address, location.href).href, { focuses: true, key: next?.dataset.row });
});

function following(here) {
  const free = [...document.querySelectorAll("tr[data-row][data-free]")].filter((other) => other !== here);
  const after = free.find((other) => here && here.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  return here ? (after ?? free[0]) : undefined;
}
