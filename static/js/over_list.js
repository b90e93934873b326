// Over the list: whether a step back from a panel is its list alone (history.state.overList), also after Back, Forward and
// a reload. Closing is that step then, so that no step of Back leads to what is shown already.
let isOver = Boolean(history.state?.overList);
let isLeaving = false;

// Goes back to the list; false where it is not there.
export function goBack() {
  if (isOver && !isLeaving) history.back();
  isLeaving ||= isOver;
  return isLeaving;
}

export function tell(isOverList) {
  isOver = isOverList;
  if (isOver) history.replaceState({ ...history.state, overList: true }, "");
}

document.addEventListener("htmx:replacedInHistory", () => tell(isOver));
window.addEventListener(
  "popstate",
  () => {
    isOver = Boolean(history.state?.overList);
    isLeaving = false;
  },
  true,
);
