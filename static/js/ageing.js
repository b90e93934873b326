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

// Ages on the page (data-ago) go on, too, said as the server says them, by its clock.
const [JUST_NOW, ...UNITS] = (document.body.dataset.ages ?? "").split("|");
const ahead = Number(document.body.dataset.clock) - Date.now();
const [MINUTE, HOUR, DAY, YEAR] = [60, 3600, 86400, 365 * 86400];

function said(seconds) {
  const say = (unit, count) => UNITS[unit].replace("#", count);
  if (seconds < MINUTE) return JUST_NOW;
  if (seconds < HOUR) return say(0, Math.floor(seconds / MINUTE));
  const hours = Math.floor((seconds % DAY) / HOUR);
  if (seconds < DAY) return say(1, hours);
  const days = Math.floor(seconds / DAY);
  if (seconds < 10 * DAY && hours) return `${say(2, days)} ${say(1, hours)}`;
  if (seconds < YEAR) return say(2, days);
  const rest = Math.floor((seconds % YEAR) / DAY);
  const years = say(3, Math.floor(seconds / YEAR));
  return rest ? `${years} ${say(2, rest)}` : years;
}

function countOn() {
  if (document.hidden) return;
  for (const one of document.querySelectorAll("time[data-ago]")) {
    const text = said(Math.max(0, (Date.now() + ahead - Date.parse(one.dateTime)) / 1000));
    if (one.textContent !== text) one.textContent = text;
  }
}

if (UNITS.length) setInterval(countOn, EVERY_MS);
