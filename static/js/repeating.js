// Repeating: a question that takes several values gets another, empty control.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-repeat]");
  if (button) another(button.parentElement)?.focus();
});

// Adds a control to a question that takes several values, or nothing where it takes one.
export function another(question) {
  if (!question?.querySelector("[data-repeat]")) return null;
  const controls = question.querySelectorAll("input, textarea");
  const last = controls[controls.length - 1];
  const copy = last.cloneNode();
  copy.value = "";
  copy.id = `${last.id}_${controls.length}`;
  last.after(copy);
  return copy;
}

// Enter in a field that finds people would send the form they are chosen in.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-person-find]")) event.preventDefault();
});
