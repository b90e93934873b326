// The behaviours of the console, one module each; each hangs on data- attributes and works alone.
import "./copying.js";
import "./toasts.js";
import "./dialogs.js";
import "./popovers.js";
import "./filters.js";
import "./focus.js";
import "./polling.js";
import "./copying.js";
import "./updating.js";
import "./keyboard.js";

document.documentElement.dataset.js = "";
