// Updating: rows are replaced where they stand; those that say something new are tinted for a moment.
// Rows under the pointer or the focus stay where they are: a row keeps its height, and the list its order.
const AT_WORK_MS = 30_000;
let touchedAt = 0;
for (const name of ["pointerdown", "pointermove", "keydown"]) {
  document.addEventListener(name, () => (touchedAt = Date.now()), { capture: true, passive: true });
}

const isAtWork = () => Date.now() - touchedAt < AT_WORK_MS;
let versions = new Map();
let heights = new Map();

document.addEventListener("htmx:beforeSwap", ({ detail }) => hold(detail, () => bodyOf(detail.serverResponse)));
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => hold(detail, () => detail.fragment.querySelector("tbody")));

// What a row says, but for the time that passed.
const version = (row) => row.dataset.version ?? row.dataset.reads?.slice(0, 8);

function hold(detail, fresh) {
  const { target } = detail;
  if (!target.matches("tr, tbody")) return;
  if (isAtWork() && target.matches("tbody:hover, tbody:focus-within") && moves(target, fresh())) {
    detail.shouldSwap = false;
    return;
  }
  const rows = target.matches("tr") ? [target] : [...target.querySelectorAll("tr[data-version], tr[data-reads]")];
  for (const row of rows) {
    heights.set(row.id, row.getBoundingClientRect().height);
    versions.set(row.id, version(row));
  }
}

document.addEventListener("htmx:afterSwap", () => {
  for (const [id, was] of versions) {
    const row = document.getElementById(id);
    if (!row) continue;
    if (version(row) !== was) row.dataset.updated = "";
    row.style.setProperty("--held", `${heights.get(id)}px`);
    row.dataset.held = "";
  }
  versions = new Map();
  heights = new Map();
});

// What comes above the page's content by itself pushes nothing away from under a hand that is at work.
let top = null;
const contentTop = () => document.querySelector(".page-body")?.getBoundingClientRect().top ?? 0;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  top = detail.requestConfig.elt.hasAttribute("data-poll") ? contentTop() : null;
});

document.addEventListener("htmx:afterSettle", () => {
  if (top !== null && isAtWork()) window.scrollBy(0, contentTop() - top);
  top = null;
});

const bodyOf = (text) => new DOMParser().parseFromString(`<table>${text}</table>`, "text/html").querySelector("tbody");

function moves(body, fresh) {
  const order = (place) => [...place.rows].map((row) => row.id || row.dataset.group).join();
  return fresh !== null && order(fresh) !== order(body);
}

// Another width wraps the rows anew.
window.addEventListener("resize", () => {
  for (const row of document.querySelectorAll("tr[data-held]")) row.removeAttribute("data-held");
});
