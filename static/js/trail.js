// Trail: from the page of a row the way leads back to its list as it was left, and on to the rows before and after it,
// in the order they were shown. A list is remembered by this tab when it is left, for the account that saw it.
import { isFree, keyOf } from "./keyboard.js";
import { neighbour, place, standing } from "./open_row.js";

const me = document.body.dataset.account;
const name = (path) => `trail:${me}:${path}`;
const here = (href) => new URL(href, location.href).pathname;

window.addEventListener("pagehide", () => {
  const rows = [...document.querySelectorAll("tr[data-row][id]")]
    .map((row) => [row.id, row.querySelector(".data-table__title a[href]")?.getAttribute("href")])
    .filter(([, href]) => href);
  if (!me || !rows.length) return;
  const search = new URLSearchParams(location.search);
  // what is open beside the list has its own way back
  search.delete("open");
  sessionStorage.setItem(name(location.pathname), JSON.stringify({ search: search.size ? `?${search}` : "", rows }));
});

function follow(crumb) {
  const kept = sessionStorage.getItem(name(here(crumb.href)));
  if (!kept) return;
  const { search, rows } = JSON.parse(kept);
  const at = rows.findIndex(([, href]) => here(href) === location.pathname);
  if (at < 0) return;
  crumb.href = `${here(crumb.href)}${search}#${rows[at][0]}`;
  if (document.querySelector("a[rel='prev'], a[rel='next']")) return;
  crumb.closest(".crumbs").append(trailOf({ at: at + 1, count: rows.length, previous: rows[at - 1]?.[1], next: rows[at + 1]?.[1] }));
}

// The way along a list: where one stands in it (0: not any more), and the addresses before and after.
function trailOf({ at, count, previous, next }) {
  const nav = document.getElementById("trail-template").content.firstElementChild.cloneNode(true);
  const { words, gone } = nav.dataset;
  nav.querySelector("[data-said]").textContent = at ? words.replace("%s", at).replace("%s", count) : gone;
  for (const [rel, href] of [["prev", previous], ["next", next]]) {
    const link = nav.querySelector(`[rel="${rel}"]`);
    if (href) link.href = href;
    else link.setAttribute("aria-disabled", "true");
  }
  return nav;
}

// Beside the list the way is that of the rows on the page.
function steer() {
  const spot = place()?.querySelector("[data-trail]");
  if (!spot) return;
  const href = (step) => neighbour(step)?.querySelector("a[data-panel]")?.getAttribute("href");
  const nav = trailOf({ ...standing(), previous: href(-1), next: href(1) });
  if (spot.innerHTML !== nav.outerHTML) spot.replaceChildren(nav);
}

document.addEventListener("htmx:afterSettle", steer);
steer();

if (me) for (const crumb of document.querySelectorAll(".crumbs > a[href]")) follow(crumb);

// The row takes the place of the one before in the history: Back leads to the list, not through all that were looked at.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".crumbs .trail a[href]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  location.replace(link.href);
});

document.addEventListener("keydown", (event) => {
  const rel = { j: "next", k: "prev" }[keyOf(event)];
  if (!rel || !isFree(event) || document.querySelector("tr[data-row]")) return;
  document.querySelector(`.page-head a[rel="${rel}"][href]`)?.click();
});

// Back at the list, the row that was looked at has the focus.
window.addEventListener("load", () => {
  const row = document.getElementById(location.hash.slice(1));
  if (row?.matches("tr[data-row]")) row.querySelector(".data-table__title a[href]")?.focus({ preventScroll: true });
});
