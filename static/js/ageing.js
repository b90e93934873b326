// Ageing: how old the data of a page are goes on counting while nothing newer comes, and after a while says just that.
const EVERY_MS = 5000;
const LENGTHS = [1, 60, 3600, 86400];
const began = new WeakMap();

function begin() {
  for (const pill of document.querySelectorAll("[data-age]")) if (!began.has(pill)) began.set(pill, Date.now());
}

function age(pill) {
  const seconds = Math.floor(Number(pill.dataset.age) + (Date.now() - began.get(pill)) / 1000);
  const place = LENGTHS.findLastIndex((length) => seconds >= length || length === 1);
  const spelled = `${Math.floor(seconds / LENGTHS[place])} ${pill.dataset.units.split(" ")[place]}`;
  if (pill.dataset.state === "fresh" && seconds > Number(pill.dataset.lateAfter)) {
    pill.dataset.state = "late";
    pill.dataset.words = pill.dataset.stale;
  }
  pill.querySelector("[data-aged]").textContent = pill.dataset.words.replace("{age}", spelled);
}

setInterval(() => {
  for (const pill of document.querySelectorAll("[data-age]")) age(pill);
}, EVERY_MS);

document.addEventListener("htmx:afterSettle", begin);
begin();
