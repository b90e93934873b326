// Filters: a form with data-autosubmit is sent as soon as a choice is made, the address stays clean of empty fields,
// and what is typed while an answer comes is kept and searched for.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  // The search field is sent while typing, by its form's own trigger.
  if (!form?.matches("[data-autosubmit]") || event.target.matches("[data-search], [data-narrow]")) return;
  // One of several was chosen, or a number of one's own typed: nothing more is to be done in its popover.
  const popover = event.target.matches("[type='radio'], [data-own]") && event.target.closest("details.popover");
  if (popover) {
    const own = popover.querySelector("[data-own]");
    if (own && event.target !== own) own.value = "";
    else if (own) for (const radio of popover.querySelectorAll("[type='radio']:checked")) radio.checked = false;
    popover.open = false;
    popover.querySelector("summary").focus();
  }
  form.requestSubmit();
});

document.addEventListener("formdata", (event) => {
  if (event.target.matches("[data-autosubmit]")) dropEmpty(event.formData);
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.closest("[data-autosubmit]")) dropEmpty(event.detail.formData);
});

function dropEmpty(data) {
  for (const name of new Set(data.keys())) {
    const values = data.getAll(name).filter((value) => value !== "");
    data.delete(name);
    for (const value of values) data.append(name, value);
  }
}

let typed = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  const field = document.activeElement;
  const isTyping = field?.matches("[data-search]") && event.detail.target.contains(field);
  typed = isTyping ? { value: field.value, at: field.selectionStart } : null;
});

document.addEventListener("htmx:afterSettle", () => {
  const field = typed && document.querySelector("[data-search]");
  if (field) {
    const known = field.value;
    field.value = typed.value;
    field.setSelectionRange(typed.at, typed.at);
    if (known !== typed.value.trim()) field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  typed = null;
});
