// Strips: what stands at the lower edge for as long as it is so; whatever else stands there moves up by its height.
import { announce } from "./announcing.js";

const strips = () => [...document.querySelectorAll(".unreached")];

export function show(strip, text = "") {
  strip.hidden = false;
  measure();
  announce((text || strip.innerText).trim().replace(/\s+/g, " "));
}

export function hide(strip) {
  strip.hidden = true;
  measure();
}

function measure() {
  const height = strips().reduce((most, strip) => Math.max(most, strip.offsetHeight), 0);
  document.body.style.setProperty("--strip", `${height}px`);
}

window.addEventListener("resize", measure);
