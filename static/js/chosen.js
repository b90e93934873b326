// Chosen: which rows of a list are chosen. That is kept in this tab for the list, its portal and its account, so that it
// outlives whatever paints rows anew, and shown wherever it is to be seen.
import { announce } from "./announcing.js";

const PREFIX = "chosen:";
const MOST = 10_000;
const me = document.body.dataset.account;

const bar = () => document.getElementById("choosing");
export const boxes = () => [...document.querySelectorAll("input[data-choose]")];
const name = (list, portal) => `${PREFIX}${me}:${portal}:${list}`;
const key = () => name(bar().dataset.choosing, bar().dataset.portal);
// All that match certain filters; whatever else stands in an address means the same rows.
function filters() {
  const asked = new URLSearchParams(bar().dataset.whole);
  asked.delete("upto");
  asked.sort();
  return asked.toString();
}

export function read() {
  const kept = JSON.parse(sessionStorage.getItem(key()) ?? "{}");
  const whole = kept.whole !== undefined && kept.whole === filters();
  return { rows: new Set(kept.rows ?? []), whole };
}

export function keep(rows, whole = false) {
  if (rows.size > MOST) return announce(bar().dataset.most.replace("%s", MOST.toLocaleString("en")));
  if (!rows.size && !whole) sessionStorage.removeItem(key());
  else sessionStorage.setItem(key(), JSON.stringify({ rows: [...rows], ...(whole ? { whole: filters() } : {}) }));
  paint();
  announce(said());
}

const said = () => [...bar().querySelectorAll("[data-count], [data-note]")].map((one) => one.textContent).join(" ").trim() || bar().dataset.none;

// Shows what is kept, wherever it is shown.
function paint() {
  if (!bar() || !me) return;
  const { rows, whole } = read();
  const shown = boxes();
  // Nothing is to be done any more to a row that shows no box.
  const over = [...document.querySelectorAll("tr[data-row]:not(:has([data-choose]))")].filter((row) => rows.delete(row.dataset.row));
  if (over.length) sessionStorage.setItem(key(), JSON.stringify({ rows: [...rows], ...(whole ? { whole: filters() } : {}) }));
  for (const box of shown) {
    box.checked = whole || rows.has(box.value);
    // the form that is sent names the rows itself
    box.setAttribute("form", "");
    box.closest("tr").toggleAttribute("data-chosen", box.checked);
  }
  const here = shown.filter((box) => box.checked).length;
  const page = document.querySelector("[data-choose-page]");
  if (page) Object.assign(page, { checked: here > 0 && here === shown.length, indeterminate: here > 0 && here < shown.length });
  const { dataset } = bar();
  const count = whole ? Number(dataset.total) : rows.size;
  const elsewhere = rows.size - here;
  bar().toggleAttribute("data-any", count > 0);
  const text = (place, words) => (bar().querySelector(place).textContent = words);
  text("[data-count]", !count ? "" : whole ? dataset.all : dataset.chosen.replace("%s", count.toLocaleString("en")));
  text("[data-note]", whole || elsewhere <= 0 ? "" : dataset.elsewhere.replace("%s", elsewhere.toLocaleString("en")));
  const isPage = here > 0 && here === shown.length;
  bar().querySelector("[data-choose-rows]").hidden = isPage;
  const all = bar().querySelector("[data-choose-whole]");
  if (all) all.hidden = whole || !isPage;
  bar().elements.rows.value = whole ? "" : [...rows].join(".");
  bar().elements.whole.value = whole ? "1" : "";
}

document.addEventListener("choice-used", ({ detail }) => {
  const portal = bar()?.dataset.portal;
  if (portal) sessionStorage.removeItem(name(detail.list, portal));
});

document.addEventListener("htmx:afterSwap", paint);
window.addEventListener("pageshow", paint);
paint();
