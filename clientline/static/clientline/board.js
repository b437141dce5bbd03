// Brings the present into view, and a board that was left open up to date when somebody comes back to it.
// Arrow keys go from place to place of a column, of which the tab key visits only the first in a row of free ones.
"use strict";

const board = document.querySelector(".board");
const now = board && board.querySelector(".now");

if (now) {
  board.scrollTop = now.y1.baseVal.value - board.clientHeight / 2;
  const opened = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - opened > 60000) location.reload();
  });
}

const top_of = place => Number(place.parentElement.getAttribute("y"));

if (board) {
  board.addEventListener("keydown", event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const column = event.target.closest("svg");
    if (!step || !column) return;
    const places = [...column.querySelectorAll("a")].sort((a, b) => top_of(a) - top_of(b));
    const next = places[places.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
