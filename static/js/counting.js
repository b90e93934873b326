// Counting: what waits for the person stands in the navigation; the phone's tab and the title of the inbox repeat it.
document.addEventListener("htmx:afterSettle", repeat);

function repeat() {
  const count = document.querySelector("#nav [data-count]");
  if (!count) return;
  for (const place of document.querySelectorAll("[data-count-again]")) {
    place.textContent = count.textContent.trim();
    place.hidden = count.dataset.count === "0";
  }
  if (!document.querySelector("[data-counted-title]")) return;
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count.dataset.count === "0" ? title : `(${count.dataset.count}) ${title}`;
}
