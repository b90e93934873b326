// Polling: a part of the page that asks again by itself (data-poll) rests while nobody looks at it, and while
// somebody has a menu of it open or selects its text. What rested is asked once when the page is looked at again.
const rested = new Set();

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (!elt.hasAttribute("data-poll")) return;
  if (document.hidden) rested.add(elt);
  if (document.hidden || target.querySelector("details.popover[open]") || hasSelectionIn(target)) event.preventDefault();
});

// What a page asks by itself does not keep its person's session alive.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.hasAttribute("data-poll")) detail.headers["X-Poll"] = "1";
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const elt of rested) {
    if (elt.isConnected && elt.hasAttribute("hx-get")) window.htmx.ajax("GET", elt.getAttribute("hx-get"), { source: elt });
  }
  rested.clear();
});

function hasSelectionIn(target) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && target.contains(selection.anchorNode);
}
