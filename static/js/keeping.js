// Keeping: what is typed into a form (data-kept) stays in this tab, under its account and address, until it was taken or
// thrown away. It returns when the same account opens the form anew; nobody else ever sees it.
import { another, findAgain } from "./repeating.js";
import { isTaken } from "./sending.js";
import { values } from "./values.js";

const PREFIX = "typed:";
const me = document.body.dataset.account;
const seen = new WeakSet();

const forms = (place) => [...place.querySelectorAll("form[data-kept]")];
// A form without an address of its own is its page's, which may be one of several by its query.
const address = (form) => {
  const own = form.getAttribute("action");
  return own ? new URL(own, location.href).pathname : location.pathname + location.search;
};
const key = (form) => `${PREFIX}${me}:${address(form)}`;

export const isInTab = (form) => sessionStorage.getItem(key(form)) !== null;
export const forget = (form) => sessionStorage.removeItem(key(form));

// The console has what was typed before `began`: from now on its word counts.
export function isKept(form, began) {
  const kept = read(form);
  if (kept && kept.at <= began) forget(form);
}

function read(form) {
  const text = sessionStorage.getItem(key(form));
  return text ? JSON.parse(text) : null;
}

for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    const { form } = event.target;
    if (me && form?.matches("[data-kept]")) sessionStorage.setItem(key(form), JSON.stringify({ at: Date.now(), values: values(form) }));
  });
}

function restore(form) {
  const kept = me && read(form);
  if (!kept || JSON.stringify(kept.values) === JSON.stringify(values(form))) return kept && forget(form);
  for (const [name, given] of Object.entries(kept.values)) {
    const controls = () => [...form.elements].filter((one) => one.name === name);
    while (controls().length && controls().length < given.length && another(controls()[0].closest("fieldset"))) continue;
    let place = 0;
    for (const one of controls()) {
      if (one.matches("select")) for (const option of one.options) option.selected = given.includes(option.value);
      else if (one.matches("[type='checkbox'], [type='radio']")) one.checked = given.includes(one.value);
      else if (place < given.length) one.value = given[place++];
    }
  }
  const tell = () => {
    form.dispatchEvent(new Event("typed-restored", { bubbles: true }));
    form.querySelectorAll("[data-person-find]").forEach((find) => findAgain(find, kept.values));
  };
  // Parts of a page hear nothing before it is ready.
  if (document.readyState === "complete") tell();
  else window.addEventListener("load", tell, { once: true });
}

// A form that comes back because something is wrong with it holds what was typed already.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const fresh = forms(document).filter((form) => !seen.has(form));
  fresh.forEach((form) => seen.add(form));
  if (![409, 422].includes(detail.xhr?.status)) fresh.forEach(restore);
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.requestConfig?.elt;
  if (form?.matches?.("form[data-kept]") && isTaken(detail)) forget(form);
});

// A form that is sent as a page is done with once another page follows, unless that page is the same form again or says
// that it was not taken.
document.addEventListener("submit", ({ target }) => {
  if (target.matches("[data-kept]") && !target.hasAttribute("hx-post")) sessionStorage.setItem("typed-sent", key(target));
});

export function clear(keeps = () => false) {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX) && !keeps(name)) sessionStorage.removeItem(name);
}

export const clearOthers = (account) => clear((name) => name.startsWith(`${PREFIX}${account}:`));

if (me) {
  clearOthers(me);
  const sent = sessionStorage.getItem("typed-sent");
  const isBack = "refused" in document.body.dataset || forms(document).some((form) => key(form) === sent);
  if (sent && !isBack) sessionStorage.removeItem(sent);
  sessionStorage.removeItem("typed-sent");
  forms(document).forEach((form) => (seen.add(form), restore(form)));
}
