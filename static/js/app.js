// The behaviours of the console, one module each; each hangs on data- attributes and works alone.
import "./toasts.js";
import "./dialogs.js";
import "./popovers.js";
import "./filters.js";
import "./focus.js";
import "./polling.js";
import "./narrowing.js";
import "./updating.js";
import "./copying.js";
import "./filling.js";
import "./sending.js";
import "./keeping.js";
import "./accounts.js";
import "./drafting.js";
import "./holding.js";
import "./resting.js";
import "./reaching.js";
import "./ageing.js";
import "./keyboard.js";
import "./panels.js";
import "./opening.js";
import "./answering.js";
import "./acting.js";
import "./repeating.js";
import "./counting.js";
import "./centring.js";

document.documentElement.dataset.js = "";
