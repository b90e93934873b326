// Narrowing: a field with data-narrow leaves of the choices beside it those that hold what is typed.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-narrow]")) return;
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const choice of event.target.closest("fieldset").querySelectorAll(".choice")) {
    choice.hidden = !choice.textContent.toLocaleLowerCase().includes(wanted);
  }
});

document.addEventListener("keydown", (event) => {
  // Enter would send the form that the choices stand in.
  if (event.key === "Enter" && event.target.matches("[data-narrow], [data-find]")) event.preventDefault();
});
