// Cut: what a cell of a list cannot show whole is told when it is pointed at.
const CELLS = ".two__main, .two__sub, .state__text";

document.addEventListener("pointerover", ({ target }) => {
  const cell = target.closest?.(CELLS);
  if (cell && !cell.title && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent.trim().replace(/\s+/g, " ");
});
