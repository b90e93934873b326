// Drafting: what is typed into a task's form is kept by the console at least once a second, however long somebody types
// without a pause, and whatever has not reached it stays in the tab.
import { forget, isInTab, isKept } from "./keeping.js";
import { isSending, isTaken } from "./sending.js";

const EVERY_MS = 1000;
let timer = null;
let began = 0;

const saver = () => document.querySelector("[data-draft]");

document.addEventListener("input", (event) => {
  if (saver()?.closest("form") === event.target.form) timer ??= setTimeout(flush, EVERY_MS);
});

document.addEventListener("change", (event) => {
  if (saver()?.closest("form") === event.target.form && timer) flush();
});

document.addEventListener("visibilitychange", () => document.hidden && timer && flush());

// Sends what waits to be kept; an answer that is on its way takes the draft with it.
export function flush() {
  clearTimeout(timer);
  const form = timer && saver()?.closest("form");
  timer = null;
  if (!form || "sent" in form.dataset || isSending(form)) return;
  window.htmx.trigger(saver(), "draft-due");
}

// Of a chosen file the draft keeps the name: the form asks about it when it is shown anew.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt !== saver()) return;
  for (const [name, value] of [...detail.formData]) {
    if (!(value instanceof File)) continue;
    detail.formData.delete(name);
    detail.formData.append(`${name}_gone`, value.name);
  }
});

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (detail.elt === saver()) began = Date.now();
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = saver()?.closest("form");
  if (!form || detail.requestConfig?.elt !== saver()) return;
  if (isTaken(detail)) return isKept(form, began);
  const note = document.getElementById("draft-note");
  if (note) note.textContent = note.dataset.inTab;
});

// What was kept in the tab is on its way to the console as soon as it is back in its form.
document.addEventListener("typed-restored", (event) => {
  if (saver()?.closest("form") === event.target) timer ??= setTimeout(flush, EVERY_MS);
});

document.addEventListener("console-reached", () => {
  const form = saver()?.closest("form");
  if (form && isInTab(form)) timer ??= setTimeout(flush, 0);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-discard]");
  if (!button) return;
  clearTimeout(timer);
  timer = null;
  forget(button.form);
});

