// Brings the present into view, and a board that was left open up to date when somebody comes back to it.
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
