// Polling: a part of the page that asks again by itself (data-poll) rests while nobody looks at it, and while
// somebody has a menu of it open or selects its text.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (!elt.hasAttribute("data-poll")) return;
  if (document.hidden || target.querySelector("details.popover[open]") || hasSelectionIn(target)) event.preventDefault();
});

function hasSelectionIn(target) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && target.contains(selection.anchorNode);
}
