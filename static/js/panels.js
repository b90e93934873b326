// Panels: on a wide screen a link with data-panel opens its page beside the list; on a narrow one it is a page.
// Without JavaScript all of them are ordinary links.
import { mark, neighbour, place, row } from "./open_row.js";
import { open } from "./opening.js";
import { goBack, tell } from "./over_list.js";

const WIDE = window.matchMedia("(min-width: 1200px)");
const isBeside = () => Boolean(place()?.closest(".beside"));

document.addEventListener("click", (event) => {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (event.target.closest("[data-panel-close]") && isBeside()) {
    event.preventDefault();
    close();
    return;
  }
  const step = { prev: -1, next: 1 }[event.target.closest(".beside .trail a")?.rel];
  const link = step ? neighbour(step)?.querySelector("a[data-panel]") : event.target.closest("a[data-panel]");
  if (step) event.preventDefault();
  if (!link || !WIDE.matches || !place()) return;
  event.preventDefault();
  show(link, { focuses: event.detail === 0 || "takesFocus" in place().dataset, act: link.dataset.act });
});

const show = (link, options) => open(link.href, { ...options, key: link.closest("tr")?.dataset.row });

// Escape closes the panel; out of a field it leads to the panel first, so that what was typed is not lost by one key.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
  if (!place()?.dataset.opened || !isBeside()) return;
  if (document.querySelector("dialog[open], details.popover[open]")) return;
  if (!event.target.matches("input, textarea, select")) close();
  else if (place().contains(event.target)) place().querySelector("[data-panel-title]")?.focus({ preventScroll: true });
});

function close() {
  // What is still coming would say in the address that it is open.
  if (place().ariaBusy === "true") return document.addEventListener("panel-settled", close, { once: true });
  if (goBack()) return;
  history.replaceState(history.state, "", addressOf(null));
  address = location.href;
  empty();
}

function empty() {
  const { id, dataset } = place();
  const blank = document.createElement("div");
  Object.assign(blank, { id, hidden: true });
  blank.dataset.opened = "";
  if ("takesFocus" in dataset) blank.dataset.takesFocus = "";
  place().replaceWith(blank);
  mark();
  row(dataset.opened)?.querySelector("a[data-panel]")?.focus();
}

// The address of the list with a row open beside it, or with none.
function addressOf(key, list = location.href) {
  const own = new URL(list);
  own.hash = "";
  own.searchParams.delete("open");
  if (key) own.searchParams.set("open", key);
  return own.href;
}

// Back and Forward between a list and what is open beside it change the panel alone.
let address = location.href;

window.addEventListener(
  "popstate",
  (event) => {
    const before = address;
    address = location.href;
    if (!isBeside() || addressOf(null, before) !== addressOf(null)) return;
    const key = new URL(address).searchParams.get("open");
    const link = key && row(key)?.querySelector("a[data-panel]");
    if (key && !link) return;
    event.stopImmediatePropagation();
    if (before === address) return;
    if (link) show(link, { focuses: true });
    else if (place().dataset.opened) empty();
  },
  true,
);

// The list was asked for otherwise, and what is open beside it stays: the address goes on saying so.
document.addEventListener("htmx:pushedIntoHistory", () => {
  tell(isBeside() && address === addressOf(null) && address !== location.href);
  const key = isBeside() && place().dataset.opened;
  if (key && !new URL(location.href).searchParams.has("open")) history.replaceState(history.state, "", addressOf(key));
});
document.addEventListener("htmx:afterSettle", () => (address = location.href));

// An address with a row open beside its list leads, on a narrow screen, to the page of that.
if (!WIDE.matches && isBeside() && place().dataset.opened) location.replace(place().dataset.page);
