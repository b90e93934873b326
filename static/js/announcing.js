// Say something to screen readers. The region is part of every page: one that is swapped in stays silent. What comes at
// once is said together; what a page holds to be said (data-say) is said once, on whichever page it is by then.
const TOGETHER_MS = 150;
const STORED = "said";
const MOST = 50;
const region = document.getElementById("status");
let waiting = [];

export function announce(text) {
  if (!region || !text || waiting.includes(text)) return;
  if (!waiting.length) setTimeout(say, TOGETHER_MS);
  waiting.push(text);
}

function say() {
  region.textContent = waiting.join(" ");
  waiting = [];
}

function sayWhatIsHeld() {
  const known = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
  for (const held of document.querySelectorAll("[data-say]")) {
    if (known.includes(held.dataset.say)) continue;
    known.push(held.dataset.say);
    announce(held.textContent.trim().replace(/\s+/g, " "));
  }
  sessionStorage.setItem(STORED, JSON.stringify(known.slice(-MOST)));
}

document.addEventListener("htmx:afterSettle", sayWhatIsHeld);
sayWhatIsHeld();
