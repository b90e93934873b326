// Acting by key: A agrees, R disagrees, D delegates and U takes back, on the open task, or on the row that has the focus
// where none is open. What needs words first gets the focus instead of being sent. Nothing happens while somebody types.
import { isFree, keyOf } from "./keyboard.js";
import { shown } from "./open_row.js";

const KEYS = { a: "agree", r: "disagree", d: "delegate", u: "take-back" };

document.addEventListener("keydown", (event) => {
  if (!isFree(event) || event.repeat || document.querySelector("details.popover[open]")) return;
  if (event.key.startsWith("Arrow")) return walk(event);
  const act = KEYS[keyOf(event)];
  const control = act && find(act);
  if (!control) return;
  event.preventDefault();
  if (!aim(control)) control.click();
});

function find(act) {
  if (act === "take-back") return document.querySelector("#take-back-bar [data-act='take-back']");
  const place = shown() ?? document.activeElement?.closest?.("tr[data-row]");
  // while another task is coming, an answer would go to the one before
  if (place?.ariaBusy === "true") return null;
  return place?.querySelector(`[data-act="${act}"]:not(:disabled)`);
}

// The button of a row whose task is open answers with what is typed there.
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest("tr[data-row] button[data-act]");
    const panel = button && shown();
    if (!panel || panel.dataset.opened !== button.closest("tr").dataset.row) return;
    const control = panel.querySelector(`[data-act="${button.dataset.act}"]:not(:disabled)`);
    if (!control) return;
    event.preventDefault();
    event.stopPropagation();
    if (!aim(control)) control.click();
  },
  true,
);

// What an answer lacks gets the focus, and the answer is meant by Ctrl+Enter from then on; false where nothing is missing.
export function aim(control) {
  const first = missing(control);
  if (!first) return false;
  for (const other of control.form.elements) delete other.dataset.meant;
  control.dataset.meant = "";
  first.focus();
  return true;
}

// What must be looked at before an answer leaves: the fields, or a comment that is still empty.
function missing(control) {
  const form = control.form;
  if (!control.dataset.needs || !form) return null;
  const typed = form.querySelector("textarea[name='comment']");
  if (control.dataset.needs === "comment") return typed?.value.trim() ? null : typed;
  return form.querySelector("input:not([type='hidden']), select, textarea");
}

// Ctrl+Enter or Cmd+Enter sends the answer that was meant.
document.addEventListener("keydown", (event) => {
  const form = event.target.form;
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || form?.id !== "completion") return;
  event.preventDefault();
  if (!event.repeat) [...form.elements].find((one) => "meant" in one.dataset && !one.disabled)?.click();
});

// Up and down walk the rows, once one of them has the focus.
function walk(event) {
  const row = document.activeElement?.closest?.(".data-table--inbox tr[data-row]");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row || !step) return;
  const rows = [...document.querySelectorAll("tr[data-row]")];
  const next = rows[rows.indexOf(row) + step];
  if (!next) return;
  event.preventDefault();
  next.querySelector("a[href]")?.focus();
}
