// Holding: a field that has the focus or holds text is never taken away by what a page asks by itself. The rest of an
// open task is painted around its form; a form that can no longer be sent freezes, and says so above what was typed.
import { announce } from "./announcing.js";
import { place } from "./open_row.js";
import { rest } from "./resting.js";
import { freeze, isSending } from "./sending.js";

// what stands on a page to be copied only (components/copied.html) is nobody's text
const FIELDS =
  "textarea:not([aria-hidden='true']), select, input:not([type='hidden'], [type='submit'], [type='button'], [data-choose], [data-choose-page])";
const thaws = new WeakMap();

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { target } = detail;
  if (!detail.shouldSwap || !detail.requestConfig.elt.hasAttribute("data-poll")) return;
  const field = held(target);
  if (!field && !isSending(target)) return;
  detail.shouldSwap = false;
  if (!field) return;
  if (target === place() && field.form) paintAround(target, field.form, detail.serverResponse);
  rest();
});

export function held(place) {
  return [...place.querySelectorAll(FIELDS)].find((one) => !one.closest("[data-sent]") && (isFocused(one) || holds(one)));
}

const isFocused = (field) => field === document.activeElement;

function holds(field) {
  if (field.matches("select")) return [...field.options].some((one) => one.selected !== one.defaultSelected && one.value);
  if (field.matches("[type='checkbox'], [type='radio']")) return field.checked !== field.defaultChecked;
  if (field.value.trim() === "" || !(field.form?.method === "post" || field.matches("textarea[readonly]"))) return false;
  // a draft of a task is typed text as well; elsewhere a field may come filled in
  return field.value !== field.defaultValue || field.closest("[data-opened]") !== null;
}

function paintAround(panel, form, text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(panel.id);
  if (fresh?.dataset.opened !== panel.dataset.opened) return;
  const again = fresh.querySelector("#completion");
  const nodes = [...fresh.children].map((node) => document.adoptNode(node));
  const at = again ? nodes.indexOf(again) : nodes.findIndex((node) => node.querySelector(".facts"));
  for (const node of [...panel.children]) if (node !== form) node.remove();
  form.before(...nodes.slice(0, at));
  form.after(...nodes.slice(again ? at + 1 : at));
  for (const name of ["hx-get", "hx-trigger"]) panel.setAttribute(name, fresh.getAttribute(name));
  if (again) goOn(form, again);
  else stop(form, panel);
  window.htmx.process(panel);
}

// It can be answered again: with the one-time key of the form that would have come.
function goOn(form, again) {
  for (const hidden of again.querySelectorAll("input[type='hidden'][name]")) {
    const own = form.querySelector(`input[type='hidden'][name="${CSS.escape(hidden.name)}"]`);
    if (own) own.value = hidden.value;
  }
  form.querySelector("[data-frozen]").hidden = true;
  thaws.get(form)?.();
  thaws.delete(form);
}

function stop(form, panel) {
  if (!thaws.has(form)) thaws.set(form, freeze(form));
  const notice = form.querySelector("[data-frozen]");
  const said = panel.querySelector("#task-outcome .notice__title") ?? panel.querySelector(".task-panel__stand:not(:has(time))");
  notice.querySelector("[data-frozen-why]").textContent = said?.textContent.trim().replace(/\s+/g, " ") ?? "";
  notice.hidden = false;
  for (const control of notice.querySelectorAll("button")) control.disabled = false;
  announce(notice.textContent.trim().replace(/\s+/g, " "));
}
