// While a search field waits for its suggestions, those of before stay on the screen: Enter must not choose one of them.
"use strict";

document.addEventListener("input", ({ target }) => {
  if (!target.matches(".select2-search__field")) return;
  for (const earlier of document.querySelectorAll(".select2-results__option--highlighted")) {
    earlier.classList.remove("select2-results__option--highlighted");
  }
}, true);
