// Choosing: rows of a list are chosen by their check boxes (data-choose), by Shift for a range and by the key X. What is
// chosen is kept in this tab for the list, its portal and its account, so that it outlives whatever paints rows anew.
import { announce } from "./announcing.js";
import { isFree, keyOf } from "./keyboard.js";

const PREFIX = "chosen:";
const MOST = 10_000;
const me = document.body.dataset.account;
let anchor = null;
let pointed = null;

const bar = () => document.getElementById("choosing");
const boxes = () => [...document.querySelectorAll("input[data-choose]")];
const name = (list, portal) => `${PREFIX}${me}:${portal}:${list}`;
const key = () => name(bar().dataset.choosing, bar().dataset.portal);
// All that match certain filters; whatever else stands in an address means the same rows.
const filters = () => new URLSearchParams(bar().dataset.whole).toString().replace(/(^|&)upto=\d*/, "");

function read() {
  const kept = JSON.parse(sessionStorage.getItem(key()) ?? "{}");
  const whole = kept.whole !== undefined && kept.whole === filters();
  return { rows: new Set(kept.rows ?? []), whole };
}

function keep(rows, whole = false) {
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

// Chooses some of the rows that are shown, or leaves them out; of all that match, the page remains.
function choose(some, isChosen) {
  const { rows, whole } = read();
  const chosen = whole ? new Set(boxes().map((box) => box.value)) : rows;
  for (const box of some) chosen[isChosen ? "add" : "delete"](box.value);
  keep(chosen);
}

// From the row that was chosen last to this one.
function range(box) {
  const shown = boxes();
  const from = shown.findIndex((one) => one.value === anchor);
  const to = shown.indexOf(box);
  return from < 0 ? [box] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("input[data-choose]");
  if (box) {
    choose(event.shiftKey ? range(box) : [box], box.checked);
    anchor = box.value;
  } else if (event.target.matches("[data-choose-page]")) choose(boxes(), event.target.checked);
  else if (event.target.closest("[data-choose-rows]")) choose(boxes(), true);
  else if (event.target.closest("[data-choose-whole]")) keep(new Set(), true);
  else if (event.target.closest("[data-choose-none]")) {
    keep(new Set());
    document.querySelector("[data-choose-page]")?.focus({ preventScroll: true });
  }
});

document.addEventListener("pointermove", ({ target }) => (pointed = target.closest?.("tr[data-row]")), { passive: true });

document.addEventListener("keydown", (event) => {
  if (!isFree(event) || event.repeat || keyOf(event) !== "x") return;
  const row = document.activeElement?.closest?.("tr[data-row]") ?? (pointed?.isConnected ? pointed : null);
  const box = (row ?? document.querySelector("tr[data-row][data-open]"))?.querySelector("input[data-choose]");
  if (!box) return;
  event.preventDefault();
  choose(event.shiftKey ? range(box) : [box], event.shiftKey || !box.checked);
  anchor = box.value;
});

// Each press is a choice of its own.
document.addEventListener("click", ({ target }) => {
  const press = target.closest?.("#choosing [name='verb']");
  if (press) press.form.elements.pressed.value = `${Date.now()} ${Math.random()}`;
});

document.addEventListener("choice-used", ({ detail }) => {
  const portal = bar()?.dataset.portal;
  if (portal) sessionStorage.removeItem(name(detail.list, portal));
});

document.addEventListener("htmx:afterSwap", paint);
window.addEventListener("pageshow", paint);
paint();
