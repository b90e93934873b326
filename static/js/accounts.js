// Accounts: what somebody typed goes with them when they sign out, in every tab of this browser; and a page takes no part
// of itself from the session of somebody else who has signed in since.
import { held } from "./holding.js";
import { clear, clearOthers } from "./keeping.js";
import { show } from "./strips.js";

const { account, signOut } = document.body.dataset;
const signedOut = document.getElementById("signed-out");
const tabs = new BroadcastChannel("accounts");

document.addEventListener("submit", ({ target }) => {
  if (target.getAttribute("action") !== signOut) return;
  clear();
  tabs.postMessage("left");
});

tabs.addEventListener("message", () => clear());

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, requestConfig } = event.detail;
  const now = xhr.getResponseHeader("X-Account");
  const away = xhr.getResponseHeader("HX-Redirect");
  if (account && now && now !== account) {
    event.preventDefault();
    clearOthers(now);
    location.reload();
  } else if (away && requestConfig.elt.matches("[data-poll], [data-draft], [data-preview]") && held(document)) {
    // Signed out while somebody writes: they go to the sign-in when they like.
    event.preventDefault();
    signedOut.querySelector("a").href = away;
    show(signedOut);
  }
});

// A page that a refused form led to is asked for anew by its address: reloading it sends nothing again.
const anew = document.querySelector("[data-anew]");
if (anew) history.replaceState(null, "", anew.href);
