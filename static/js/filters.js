// Filters: a form with data-autosubmit is sent as soon as a choice is made, and the address stays clean of empty fields.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  // The search field is sent while typing, by its form's own trigger.
  if (!form?.matches("[data-autosubmit]") || event.target.matches("[data-search]")) return;
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
