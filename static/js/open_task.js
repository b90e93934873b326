// Which task is open beside the list, and marking it there.
export const ID = "workflow-task-panel";

export const place = () => document.getElementById(ID);
export const row = (task) => document.querySelector(`tr[data-row="${CSS.escape(task)}"]`);

// The open task where it can be seen: a narrow window shows the list alone.
export const shown = () => (place()?.dataset.task && place().checkVisibility() ? place() : null);

// The open task, or the one that is coming, is marked in the list, also after rows are painted anew.
export function mark() {
  const task = place()?.dataset.coming ?? place()?.dataset.task;
  for (const marked of document.querySelectorAll("tr[data-row][data-open]")) {
    if (marked.dataset.row !== task) marked.removeAttribute("data-open");
  }
  if (task) row(task)?.setAttribute("data-open", "");
}

document.addEventListener("htmx:afterSettle", mark);
mark();
