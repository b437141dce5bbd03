// Whoever goes back to a form that moves money or books finds the key that it was sent with, so that it is not done
// twice. The page is made anew, and the browser fills in what was changed before; so the key is changed.
"use strict";

for (const key of document.querySelectorAll("input[name=once][hidden]")) {
  if (key.value === key.defaultValue) key.value += "-sent";
}
