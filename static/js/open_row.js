// Which row of a list is open beside it, in the panel (data-opened), and marking it there.
export const place = () => document.querySelector("[data-opened]");
export const row = (key) => document.querySelector(`tr[data-row="${CSS.escape(key)}"]`);

// The panel where it can be seen: a narrow window shows the list alone.
export const shown = () => (place()?.dataset.opened && place().checkVisibility() ? place() : null);

// The row that is open, or the one that is coming.
const current = () => place()?.dataset.coming ?? place()?.dataset.opened;

// The rows as the list showed them when the open one was last among them: it may leave the list while it is looked at.
let order = [];

// It is marked in the list, also after rows are painted anew.
export function mark() {
  const key = current();
  for (const marked of document.querySelectorAll("tr[data-row][data-open]")) if (marked.dataset.row !== key) tell(marked, false);
  const here = key && row(key);
  if (!here) return;
  tell(here, true);
  order = [...document.querySelectorAll("tr[data-row]")].map((one) => one.dataset.row);
}

function tell(here, isOpen) {
  here.toggleAttribute("data-open", isOpen);
  const link = here.querySelector("a[data-panel]");
  if (isOpen) link?.setAttribute("aria-current", "true");
  else link?.removeAttribute("aria-current");
}

// Where the open row stands among how many; the place is 0 where the list does not show it any more.
export function standing() {
  return { at: row(current()) ? order.indexOf(current()) + 1 : 0, count: order.length };
}

// The row after the open one, or before it, of those that are still there.
export function neighbour(step) {
  let at = order.indexOf(current());
  if (at < 0) return step > 0 ? document.querySelector("tr[data-row]") : null;
  do at += step;
  while (order[at] && !row(order[at]));
  return order[at] ? row(order[at]) : null;
}

document.addEventListener("htmx:afterSettle", mark);
mark();
