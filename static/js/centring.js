// Centring: a drawing wider than its box begins at its middle, where the first step stands, unless the address names a step.
function centre(within) {
  for (const box of within.querySelectorAll("[data-centred]")) {
    if (!location.hash) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
  }
}

centre(document);
document.addEventListener("htmx:afterSettle", (event) => centre(event.target));
