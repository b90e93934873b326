// Values: what a form holds, as far as it may be kept.
// By name, the values of what is shown; neither files nor secrets are kept, nor a consent, and what was chosen in a form
// that acts at once is chosen anew, unless its choices are values of their own (data-kept="choices").
const CHOICES = "select, [type='checkbox'], [type='radio']";

export function values(form) {
  const found = {};
  const keepsChoices = form.dataset.kept === "choices";
  for (const one of form.elements) {
    if (!one.name || one.matches("button, [type='hidden'], [type='file'], [type='password'], [name$='_without'], [data-consent]")) continue;
    if (!keepsChoices && one.matches(CHOICES)) continue;
    found[one.name] ??= [];
    if (one.matches("select")) found[one.name].push(...[...one.selectedOptions].map((option) => option.value));
    else if (!one.matches("[type='checkbox'], [type='radio']") || one.checked) found[one.name].push(one.value);
  }
  return found;
}
