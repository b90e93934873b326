// Icons: a page holds the shapes that it shows. What comes into it later may show others: they are fetched once it is
// there, and the browser keeps them for good; what did not come is asked for again with the next part that comes.
const sprite = document.getElementById("icons");
let isAsked = false;

async function complete() {
  if (isAsked || !sprite) return;
  isAsked = true;
  try {
    const answer = await fetch(sprite.dataset.whole);
    if (!answer.ok) throw new Error(answer.status);
    const whole = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    const known = new Set([...sprite.children].map(({ id }) => id));
    sprite.append(...[...whole.documentElement.children].filter(({ id }) => !known.has(id)));
  } catch {
    isAsked = false;
  }
}

window.addEventListener("load", complete);
document.addEventListener("htmx:beforeSwap", complete);
