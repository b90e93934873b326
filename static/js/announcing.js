// Say something to screen readers. The region is part of every page: one that is swapped in stays silent.
const region = document.getElementById("status");

export function announce(text) {
  if (!region || !text || region.textContent === text) return;
  region.textContent = text;
}
