// Sending: what was pressed shows at once that it was taken, and takes nothing more until the console has answered.
const TEXTS = "textarea, input:not([type='checkbox'], [type='radio'], [type='file'])";
const LATELY_MS = 3000;
const sending = new Map();
let sentAt = 0;

export const isSending = (place) => [...sending.keys()].some((form) => place.contains(form));
export const sentLately = () => sending.size > 0 || Date.now() - sentAt < LATELY_MS;
export const answered = () => Promise.all([...sending.values()].map((one) => one.ended));

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  const form = detail.elt;
  if (!form.matches("form[method='post']:not([hidden])") || sending.has(form)) return;
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  const submitter = detail.requestConfig.triggeringEvent?.submitter;
  sending.set(form, { ended, end, submitter, thaw: freeze(form), had: document.activeElement });
  form.ariaBusy = "true";
  if (submitter) submitter.ariaBusy = "true";
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.requestConfig?.elt ?? detail.elt;
  const one = sending.get(form);
  if (!one) return;
  sending.delete(form);
  sentAt = Date.now();
  one.end();
  // What was taken stays as it is until its place is painted anew.
  if (isTaken(detail)) form.dataset.sent = "";
  const open = () => {
    if (!form.isConnected) return;
    one.thaw();
    form.removeAttribute("aria-busy");
    one.submitter?.removeAttribute("aria-busy");
    if (document.activeElement === document.body) one.had?.focus?.({ preventScroll: true });
  };
  if (isTaken(detail)) setTimeout(open, LATELY_MS);
  else open();
});

// Whether the console has accepted what a form held: led away to the sign-in, it has not.
export function isTaken({ successful, xhr }) {
  return Boolean(successful) && xhr.status !== 409 && xhr.status !== 422 && !xhr.getResponseHeader("HX-Redirect");
}

// Texts can still be read and copied; gives the way back.
export function freeze(form) {
  const frozen = [...form.elements].filter((one) => !one.disabled && !one.readOnly && one.type !== "hidden");
  for (const one of frozen) one[one.matches(TEXTS) ? "readOnly" : "disabled"] = true;
  return () => frozen.forEach((one) => (one[one.matches(TEXTS) ? "readOnly" : "disabled"] = false));
}
