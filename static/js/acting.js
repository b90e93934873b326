// Acting by key: A agrees, R disagrees, D delegates and U takes back, on the row that has the focus or else on the open
// task. What needs words first gets the focus instead of being sent. Nothing happens while somebody types.
import { isFree, keyOf } from "./keyboard.js";

const KEYS = { a: "agree", r: "disagree", d: "delegate", u: "undo" };

document.addEventListener("keydown", (event) => {
  if (!isFree(event) || event.repeat || document.querySelector("details.popover[open]")) return;
  if (event.key.startsWith("Arrow")) return walk(event);
  const act = KEYS[keyOf(event)];
  const control = act && find(act);
  if (!control) return;
  event.preventDefault();
  const first = missing(control);
  if (first) first.focus();
  else control.click();
});

function find(act) {
  if (act === "undo") return document.querySelector("#undo-bar [data-act='undo']");
  const row = document.activeElement?.closest?.("tr[data-row]");
  const place = row ?? document.getElementById("workflow-task-panel");
  return place?.querySelector(`[data-act="${act}"]:not(:disabled)`);
}

// What must be looked at before an answer leaves: the fields, or a comment that is still empty.
export function missing(control) {
  const form = control.form;
  if (!control.dataset.needs || !form) return null;
  const typed = form.querySelector("textarea[name='comment']");
  if (control.dataset.needs === "comment") return typed?.value.trim() ? null : typed;
  return form.querySelector("input:not([type='hidden']), select, textarea");
}

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
