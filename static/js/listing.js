// Listing: an open list asks one question by the clock (data-poll="list"): what of its frame, its head and its rows
// reads differently by now. It says what it shows, and is told the rest out of band.
import { held } from "./holding.js";
import { isInUse } from "./polling.js";
import { isOff } from "./refreshing.js";

const NONE = "none";
let revision = NONE;
let said = "";
let isTaking = false;

const isPoll = (elt) => elt?.dataset?.poll === "list";

// The shape of the table, and each row as key=reads.
function shown() {
  const table = document.querySelector("tbody[data-shape]");
  if (!table) return "";
  const rows = [...table.querySelectorAll("tr[data-reads]")];
  return [table.dataset.shape, ...rows.map((row) => `${row.id.replace(/.*-/, "")}=${row.dataset.reads}`)].join(" ");
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!isPoll(detail.elt)) return;
  const page = new URLSearchParams(location.search).get("page");
  if (page) detail.parameters.page = page;
  if (isOff() && !detail.triggeringEvent) detail.parameters.alone = "1";
  said = shown();
  detail.headers["X-Rows"] = said;
  detail.headers["X-Revision"] = revision;
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  isTaking = isPoll(detail.requestConfig?.elt);
  if (!isTaking) return;
  // what was asked about has been replaced meanwhile
  if (said !== shown()) detail.shouldSwap = false;
  revision = said === shown() ? (detail.xhr.getResponseHeader("X-Revision") ?? NONE) : NONE;
});

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (isTaking && (isInUse(detail.target) || held(detail.target))) detail.shouldSwap = false;
});

// What was not taken is asked for anew; so is everything once something else (a filter, the history) has painted a part.
window.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (isTaking && !detail.shouldSwap) revision = NONE;
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (!isPoll(detail.requestConfig?.elt)) revision = NONE;
});
document.addEventListener("htmx:afterRequest", () => (isTaking = false));
