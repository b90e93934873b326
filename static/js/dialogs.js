// Dialogs: a link with data-dialog opens its page inside the one <dialog> of the page; without JavaScript it is
// an ordinary page. The server closes it with HX-Trigger "dialog-close".
const dialog = document.getElementById("dialog");
const content = document.getElementById("dialog-content");

function isPlainClick(event) {
  return event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("a[data-dialog]");
  if (opener && dialog && isPlainClick(event)) {
    event.preventDefault();
    open(opener);
    return;
  }
  const closer = event.target.closest("[data-dialog-close]");
  const around = closer?.closest("dialog");
  if (around && isPlainClick(event)) {
    event.preventDefault();
    around.close();
    return;
  }
  const shown = event.target.closest("[data-dialog-show]");
  if (shown) document.getElementById(shown.dataset.dialogShow)?.showModal();
});

// Where the focus returns though what held it was painted anew meanwhile.
let back = null;

function open(opener) {
  if (opener.ariaBusy === "true") return;
  // A menu that held the link closes; focus goes to its button, where the dialog will return it.
  const menu = opener.closest("details.popover");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  back = menu?.id ? `#${CSS.escape(menu.id)} > summary` : opener.id && `#${CSS.escape(opener.id)}`;
  opener.ariaBusy = "true";
  window.htmx
    .ajax("GET", opener.href, { source: opener, target: "#dialog-content", swap: "innerHTML" })
    // Not reached: that is said in its own place.
    .catch(() => {})
    .finally(() => opener.removeAttribute("aria-busy"));
}

if (dialog) {
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== content) return;
    if (!content.childElementCount) return dialog.close();
    if (!dialog.open) dialog.showModal();
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target === content) content.querySelector("[aria-invalid='true']")?.focus();
  });
  document.body.addEventListener("dialog-close", ({ target }) => {
    // An answer given outside that arrives late closes nobody's dialog.
    if (!content.contains(target)) return;
    // Emptied first: what htmx reports next would otherwise open it again.
    content.replaceChildren();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    content.replaceChildren();
    if (back && document.activeElement === document.body) document.querySelector(back)?.focus();
  });
}
