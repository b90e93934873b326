// Counting: what waits for the person stands in the navigation; the phone's tab and the title of the inbox repeat it.
// So does what is told of what became of something; operations have an entry of their own.
document.addEventListener("htmx:afterSettle", repeat);

function repeat() {
  const told = document.querySelectorAll("#news .news__item:not([data-operation])").length;
  if (document.getElementById("news")) {
    for (const place of document.querySelectorAll("[data-news]")) {
      place.querySelector("[data-news-count]").textContent = told;
      place.hidden = told === 0;
    }
  }
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
