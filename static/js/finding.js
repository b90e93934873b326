// Finding: a field that finds people (data-person-find) and the list below it work as a combobox: arrows, Home and End move
// through the list, Enter chooses, Escape closes it. Without JavaScript the list is a plain choice of radio buttons.
const listOf = (find) => find.closest(".person-search").querySelector("[data-people]");
const options = (find) => [...listOf(find).querySelectorAll(".person-search__one")];
const seen = (find) => options(find).filter((option) => option.offsetParent);
const finds = () => document.querySelectorAll("[data-person-find]");

// Gives both their roles: what was found is new after each search.
function dress(find) {
  const list = listOf(find);
  const all = options(find);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) find.setAttribute(name, value);
  if (all.length) list.setAttribute("role", "listbox");
  else list.removeAttribute("role");
  all.forEach((option, number) => {
    const input = option.querySelector("input");
    option.id = `${list.id}_${number}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", input.checked);
    input.hidden = true;
    if (input.type === "checkbox") list.setAttribute("aria-multiselectable", "true");
  });
  open(find, find === document.activeElement);
}

// Opens the list, or leaves those in sight who are chosen.
function open(find, isOpen) {
  listOf(find).toggleAttribute("data-closed", !isOpen);
  find.setAttribute("aria-expanded", isOpen && options(find).length > 0);
  mark(find, null);
}

function mark(find, option) {
  for (const one of options(find)) one.toggleAttribute("data-active", one === option);
  if (option) find.setAttribute("aria-activedescendant", option.id);
  else find.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function move(find, key) {
  if (find.getAttribute("aria-expanded") !== "true") open(find, true);
  const shown = seen(find);
  const here = shown.findIndex((option) => option.hasAttribute("data-active"));
  const to = { ArrowDown: here + 1, ArrowUp: here < 0 ? -1 : here - 1, Home: 0, End: -1 }[key];
  mark(find, shown.at(to === shown.length ? 0 : to) ?? null);
}

document.addEventListener("keydown", (event) => {
  const find = event.target;
  if (!find.matches?.("[data-person-find]") || event.isComposing) return;
  const active = listOf(find).querySelector("[data-active]");
  const moves = ["ArrowDown", "ArrowUp", ...(active ? ["Home", "End"] : [])];
  if (moves.includes(event.key)) move(find, event.key);
  else if (event.key === "Enter") active?.querySelector("label").click();
  else if (event.key === "Escape" && find.getAttribute("aria-expanded") === "true") open(find, false);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

document.addEventListener("change", ({ target }) => {
  const find = target.closest(".person-search")?.querySelector("[data-person-find]");
  if (!find || target === find) return;
  for (const option of options(find)) option.setAttribute("aria-selected", option.querySelector("input").checked);
  if (target.type !== "radio") return;
  find.value = target.closest("[data-name]").dataset.name;
  open(find, false);
});

document.addEventListener("focusin", ({ target }) => {
  for (const find of finds()) {
    if (target === find) open(find, true);
    else if (!find.closest(".person-search").contains(target)) open(find, false);
  }
});

// A press on somebody keeps the field focused, so that the keys go on working.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest("[data-people]")) event.preventDefault();
});

document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-person-find]")) open(target, true);
});

document.addEventListener("htmx:load", () => finds().forEach(dress));
finds().forEach(dress);
