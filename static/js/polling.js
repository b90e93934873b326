// Polling: a part of the page that asks again by itself (data-poll) rests while nobody looks at it, and while
// somebody has a menu of it open or selects its text. What rested is asked once when the page is looked at again.
const rested = new Set();

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (!elt.hasAttribute("data-poll")) return;
  if (document.hidden) rested.add(elt);
  if (document.hidden || isInUse(target)) event.preventDefault();
});

// What only adds to a page and goes with it takes no answer any more.
document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  if (target.matches?.("[data-quiet]")) window.htmx.trigger(target, "htmx:abort");
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

// A menu of it is open, or its text is being selected.
export function isInUse(place) {
  const selection = document.getSelection();
  const isSelected = selection && !selection.isCollapsed && place.contains(selection.anchorNode);
  return isSelected || place.querySelector("details.popover[open]") !== null;
}
