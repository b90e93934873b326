// Centring: a drawing wider than its box begins at its middle, where the first step stands, unless the address names a step.
for (const box of document.querySelectorAll("[data-centred]")) {
  if (!location.hash) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
}
