// The behaviours of the console, one module each; each hangs on data- attributes and works alone.
import "./toasts.js";
import "./dialogs.js";
import "./popovers.js";
import "./filters.js";
import "./focus.js";
import "./polling.js";
import "./updating.js";
import "./sending.js";
import "./keeping.js";
import "./accounts.js";
import "./drafting.js";
import "./holding.js";
import "./resting.js";
import "./reaching.js";
import "./ageing.js";
import "./keyboard.js";
import "./panels.js";
import "./opening.js";
import "./answering.js";
import "./acting.js";
import "./repeating.js";
import "./counting.js";

// What few pages hold is fetched with the first of it.
const later = new Map([
  ["[data-centred]", () => import("./centring.js")],
  ["[data-choose], [data-choosing]", () => import("./choosing.js")],
  ["[data-copy], [data-select]", () => import("./copying.js")],
  ["[data-fills]", () => import("./filling.js")],
  ["[data-narrow]", () => import("./narrowing.js")],
  ["[data-repeat-pair]", () => import("./pairing.js")],
]);

function fetchLater() {
  for (const [mark, load] of later) {
    if (!document.querySelector(mark)) continue;
    later.delete(mark);
    // out of reach it is fetched with the next part that comes
    load().catch(() => later.set(mark, load));
  }
}

document.addEventListener("htmx:afterSettle", fetchLater);
fetchLater();

document.documentElement.dataset.js = "";
