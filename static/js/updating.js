// Updating: rows are replaced where they stand; those that say something new are tinted for a moment.
let versions = new Map();

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  if (!target.matches("tr, tbody")) return;
  const rows = target.matches("tr") ? [target] : target.querySelectorAll("tr[data-version]");
  versions = new Map([...rows].map((row) => [row.id, row.dataset.version]));
});

document.addEventListener("htmx:afterSwap", () => {
  for (const [id, version] of versions) {
    const row = document.getElementById(id);
    if (row && row.dataset.version !== version) row.dataset.updated = "";
  }
  versions = new Map();
});
