// Repeating: a question that takes several values gets another, empty control; people are found by searching.
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

// Who was chosen by searching is not on the page before the console has found them anew.
export function findAgain(find, kept) {
  const name = find.name.replace(/_find$/, "");
  if (!kept[name]?.length) return;
  const chosen = new URLSearchParams(kept[name].map((one) => [name, one]));
  window.htmx.ajax("GET", `${find.getAttribute("hx-get")}&${chosen}`, { source: find, target: find.getAttribute("hx-target"), swap: "outerHTML" });
}
