// Brings the present into view. Arrow keys go from place to place of a column and, across, to the next one; the tab key
// visits only the first in a row of free places.
"use strict";
{
  const board = document.querySelector(".board");
  const now = board && board.querySelector(".now");
  if (now) board.scrollTop = now.y1.baseVal.value - board.clientHeight / 2;

  const findTop = (place) => Number(place.parentElement.getAttribute("y"));
  const list = (column) => [...column.querySelectorAll("a")].sort((a, b) => findTop(a) - findTop(b));

  function findAcross(place, step) {
    const columns = [...board.querySelectorAll("section > svg")];
    const next = columns[columns.indexOf(place.closest("svg")) + step];
    const places = next ? list(next) : [];
    return places.reduce((best, each) => (best && Math.abs(findTop(best) - findTop(place)) <= Math.abs(findTop(each) - findTop(place)) ? best : each), null);
  }

  function findNext(place, key) {
    if (key === "ArrowLeft" || key === "ArrowRight") return findAcross(place, key === "ArrowRight" ? 1 : -1);
    const places = list(place.closest("svg"));
    return places[places.indexOf(place) + (key === "ArrowDown" ? 1 : -1)];
  }

  // On a phone and a tablet, the day that is chosen is shown without a button; who types it is given time to.
  for (const form of document.querySelectorAll("form[data-at-once]")) {
    let waiting = null;
    form.classList.add("follows");
    form.addEventListener("change", () => {
      clearTimeout(waiting);
      if (matchMedia("(max-width: 1023px)").matches) waiting = setTimeout(() => form.checkValidity() && form.submit(), 600);
    });
  }

  if (board) {
    board.addEventListener("keydown", (event) => {
      if (!event.key.startsWith("Arrow") || event.altKey || event.ctrlKey || event.metaKey) return;
      if (!event.target.closest("svg")) return;
      const next = findNext(event.target, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
  }
}
