// Lazy: what a popover holds comes when it is opened (data-lazy). What every row has says no more than where it comes
// from (data-lazy="address").
export function ask(panel) {
  if (panel.dataset.lazy) {
    panel.setAttribute("hx-get", panel.dataset.lazy);
    panel.setAttribute("hx-trigger", "load-choices");
    panel.setAttribute("hx-swap", "innerHTML");
    window.htmx.process(panel);
  }
  panel.removeAttribute("data-lazy");
  window.htmx.trigger(panel, "load-choices");
}

// What did not come is asked for again when it is opened again.
document.addEventListener("htmx:afterRequest", (event) => {
  const panel = event.detail.elt;
  if (!event.detail.successful && panel.matches?.(".popover__panel[hx-get]")) panel.setAttribute("data-lazy", "");
});
