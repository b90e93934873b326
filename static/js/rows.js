// Rows: what a list says once for all of its rows (data-asks). A row is asked for anew when it is told that what it shows
// has changed ("workflow-7-changed"); what is under way asks by the clock, too.
const heard = new Set();

function hear() {
  for (const row of document.querySelectorAll("tbody[data-asks] > tr[data-row]")) {
    const told = `${row.id.replace("-row-", "-")}-changed`;
    if (!heard.has(told)) document.body.addEventListener(told, ask);
    heard.add(told);
  }
}

function ask(event) {
  const row = document.getElementById(event.type.replace(/-(\d+)-changed$/, "-row-$1"));
  if (!row) return;
  const address = row.parentElement.dataset.asks.replace("%s", row.dataset.row);
  if (!row.hasAttribute("hx-get")) {
    row.setAttribute("hx-trigger", "none");
    row.setAttribute("hx-get", address);
    row.setAttribute("data-poll", "");
  }
  window.htmx.ajax("GET", address, { source: row, event });
}

document.addEventListener("htmx:afterSettle", hear);
hear();
