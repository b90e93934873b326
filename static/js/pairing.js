// Pairing: rows of two controls, a language and its text or a value and its title, get another, empty one.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-repeat-pair]");
  if (!button) return;
  const rows = button.parentElement.querySelectorAll(".pair");
  const last = rows[rows.length - 1];
  const copy = last.cloneNode(true);
  for (const control of copy.querySelectorAll("input, select")) {
    if (control.matches("select")) control.selectedIndex = 0;
    else control.value = "";
    control.id = `${control.id}_${rows.length}`;
    control.setAttribute("aria-label", control.getAttribute("aria-label").replace(/\d+$/, rows.length + 1));
  }
  last.after(copy);
  copy.querySelector("input, select").focus();
});
