// Reaching: while the console cannot be reached, one strip says so and since when, instead of a word for each request.
// What is typed stays in the tab; nothing that was pressed meanwhile is sent by itself.
import { announce } from "./announcing.js";
import { hide, show } from "./strips.js";

const LOOK_MS = 4000;
const GATEWAY = [502, 503, 504];
const strip = document.getElementById("unreached");
let timer = null;

export const isUnreached = () => strip && !strip.hidden;

function lose(wasSent) {
  if (!strip) return;
  if (strip.hidden) {
    const at = new Date();
    strip.querySelector("time").dateTime = at.toISOString();
    strip.querySelector("time").textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    timer = setInterval(look, LOOK_MS);
    expire();
  }
  if (wasSent) strip.querySelector("[data-unsent]").hidden = false;
  show(strip);
}

// What could be taken back for some seconds has left when they are over, whether that is heard or not.
function expire() {
  const bar = document.getElementById("take-back-bar");
  const seconds = bar?.querySelector("progress")?.value ?? 0;
  setTimeout(() => isUnreached() && bar && (bar.hidden = true), seconds * 1000);
}

function find() {
  if (!isUnreached()) return;
  clearInterval(timer);
  hide(strip);
  strip.querySelector("[data-unsent]").hidden = true;
  announce(strip.dataset.back);
  document.dispatchEvent(new Event("console-reached"));
}

// Any answer of the console itself will do, also that something is not well.
async function look() {
  try {
    const answer = await fetch(strip.dataset.look, { cache: "no-store" });
    if (answer.ok || answer.headers.get("Content-Type")?.includes("json")) find();
  } catch {
    // still out of reach
  }
}

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, ({ detail }) => lose(isAct(detail)));
}

document.addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig } }) => {
  if (GATEWAY.includes(xhr?.status)) lose(isAct({ requestConfig }));
  else if (xhr?.status) find();
});

const isAct = ({ requestConfig }) => requestConfig?.verb === "post" && requestConfig.elt.matches("form");

window.addEventListener("offline", () => lose(false));
window.addEventListener("online", look);
