// Buttons that print, and the board on paper: a list, as what scrolls on a screen is cut off on a sheet.
"use strict";
{
  const board = document.getElementById("board");

  const make = (name, text, inside = []) => {
    const element = document.createElement(name);
    element.textContent = text;
    element.append(...inside);
    return element;
  };

  function listColumn(column) {
    const labels = [...column.querySelectorAll("a.visit")].map((visit) => make("li", visit.getAttribute("aria-label")));
    return labels.length ? [make("h2", column.querySelector("h2").textContent), make("ul", "", labels)] : [];
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  if (board) {
    addEventListener("beforeprint", () => {
      const list = make("div", "", [...board.querySelectorAll("section")].flatMap(listColumn));
      list.id = "on-paper";
      if (list.children.length) board.after(list);
    });
    addEventListener("afterprint", () => document.getElementById("on-paper")?.remove());
  }
}
