// Whoever goes back to a form that moves money or books finds the key that it was sent with, so that it is not done
// twice. The page is made anew, and the browser fills in what was changed before; so the key is changed.
"use strict";

for (const key of document.querySelectorAll("input[name=once][hidden]")) {
  if (key.value === key.defaultValue) key.value += "-sent";
}

// "/" leads to the search in the head from wherever nothing is typed.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [contenteditable]")) return;
  const search = document.querySelector(".head-search input");
  if (!search) return;
  event.preventDefault();
  search.focus();
});

// A menu that is open shuts when something else is clicked, or by Escape.
const MENUS = "#account[open], #tabs .menu[open], .chip-menu[open]";
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(MENUS)) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(MENUS)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
