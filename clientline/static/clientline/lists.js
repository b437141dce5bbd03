// The box above a list's ticks, which ticks all of the page, and how many are ticked. What can be done with them shows by
// the stylesheet once one is.
"use strict";
{
  const all = document.getElementById("action-toggle");
  const ticks = [...document.querySelectorAll("input.action-select")];
  const counter = document.querySelector(".action-counter");

  function count() {
    const ticked = ticks.filter((each) => each.checked).length;
    if (counter) counter.textContent = `${ticked} ${counter.dataset.of}`;
    all.checked = ticked === ticks.length;
    all.indeterminate = ticked > 0 && ticked < ticks.length;
  }

  if (all) {
    all.addEventListener("change", () => {
      for (const each of ticks) each.checked = all.checked;
      count();
    });
    document.getElementById("changelist-form").addEventListener("change", count);
    count();
  }
}
