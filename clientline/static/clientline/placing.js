// Where something would stand on the board: pixels to times and back, the outline that shows it, and the asking.
// For the other scripts of the day: `DayPlacing`.
"use strict";
const DayPlacing = (() => {
  const board = document.getElementById("board");
  const SVG = "http://www.w3.org/2000/svg";
  const FINEST = 15; // minutes: nobody aims at less where starts are further apart
  const LINE = 18;

  const read = () => ({
    pixels: Number(board.dataset.pixels),
    above: Number(board.dataset.above),
    rows: board.dataset.rows.split(" "),
    clocks: board.dataset.clocks.split("|"),
    step: Math.min(Number(board.dataset.grid), FINEST),
  });
  const listColumns = () => [...board.querySelectorAll("section > svg")];

  // Minutes below the first row that is shown, on the grid and within what is shown.
  function snap(minutes, length = 0) {
    const { rows, step } = read();
    return Math.max(0, Math.min(Math.round(minutes / step) * step, rows.length * 60 - Math.min(length, step)));
  }
  const toMinutes = (down) => (down - read().above) / read().pixels;
  const toPixels = (minutes) => read().above + minutes * read().pixels;

  // The time on the clock as it is sent and as the place writes it, and whether it is the second of two like ones.
  function toClock(minutes) {
    const { rows, clocks } = read();
    const row = rows[Math.floor(minutes / 60)];
    const after = row === undefined ? Number.parseInt(rows.at(-1), 10) + 1 : Number.parseInt(row, 10);
    const [hour, minute] = [after % 24, String(minutes % 60).padStart(2, "0")];
    return { time: `${String(hour).padStart(2, "0")}:${minute}`, shown: clocks[hour].replace("{}", minute), fold: row?.endsWith("+") ? "1" : "" };
  }
  const writeSpan = (from, length) => `${toClock(from).shown}–${toClock(from + length).shown}`;

  function findColumn(x) {
    return listColumns().find((each) => { const box = each.getBoundingClientRect(); return x >= box.left && x < box.right; });
  }
  const nameColumn = (column) => column.getAttribute("aria-label");

  let ghost = null;
  function outline(column, from, length) {
    if (!ghost) {
      ghost = document.createElementNS(SVG, "g");
      ghost.setAttribute("class", "ghost");
      for (const tag of ["rect", "text"]) ghost.append(document.createElementNS(SVG, tag));
    }
    const [box, text] = ghost.children;
    const set = (element, values) => { for (const [name, value] of Object.entries(values)) element.setAttribute(name, value); };
    set(box, { width: "100%", y: toPixels(from), height: Math.max(length * read().pixels, LINE), rx: 4 });
    set(text, { x: 8, y: toPixels(from) + 13 });
    text.textContent = writeSpan(from, length);
    column.append(ghost);
    return ghost;
  }
  const erase = () => ghost?.remove();

  const describe = (column, from, length) => `${writeSpan(from, length)}, ${nameColumn(column)}`;

  async function post(address, values) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", document.querySelector("#logout-form [name=csrfmiddlewaretoken]").value);
    for (const [name, value] of Object.entries(values)) body.append(name, value);
    const answer = await fetch(address, { method: "POST", body, headers: { "X-Panel": "1" } });
    if (answer.redirected) location.reload(); // signed out
    if (!answer.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(answer.status);
    const told = await answer.json();
    return { ...told, done: !told.code };
  }

  const makeButton = (label, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = label;
    button.addEventListener("click", act);
    return button;
  };

  // A word where it was dropped, with what can be done about it; `ended` is called when it goes, whatever was chosen.
  let asking = null;
  function ask(column, from, { text, links = [], buttons, role = "alertdialog" }, ended = () => {}) {
    asking?.();
    const box = document.createElement("div");
    box.className = "asking";
    box.setAttribute("role", role);
    box.setAttribute("aria-label", text);
    const said = document.createElement("p");
    said.textContent = text;
    box.append(said);
    for (const { label, url } of links) {
      const link = document.createElement("a");
      Object.assign(link, { href: url, textContent: label });
      link.dataset.panel = "";
      box.append(link);
    }
    const row = document.createElement("div");
    row.className = "button-row";
    const back = document.activeElement;
    const end = () => { if (asking !== end) return; asking = null; box.remove(); erase(); ended(); if (back?.isConnected) back.focus({ preventScroll: true }); };
    asking = end;
    for (const { label, act } of buttons) row.append(makeButton(label, () => { end(); act(); }));
    row.append(makeButton(board.dataset.giveUp, end));
    box.append(row);
    board.append(box);
    const place = column.getBoundingClientRect();
    const inside = board.getBoundingClientRect();
    const left = Math.min(place.left - inside.left + board.scrollLeft, board.scrollLeft + board.clientWidth - box.offsetWidth - 8);
    const top = place.top - inside.top + board.scrollTop + toPixels(from) + LINE + 4;
    box.style.left = `${Math.max(left, board.scrollLeft + 8)}px`;
    box.style.top = `${Math.min(top, board.scrollTop + board.clientHeight - box.offsetHeight - 8)}px`;
    box.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); end(); } });
    row.firstElementChild.focus({ preventScroll: true });
  }

  function tell(told, undo) {
    const item = document.createElement("li");
    item.textContent = told;
    if (undo) {
      const link = document.createElement("a");
      Object.assign(link, { className: "undo", href: undo.url, textContent: undo.label });
      link.dataset.body = undo.body || "";
      item.append(" ", link);
    }
    document.dispatchEvent(new CustomEvent("toast", { detail: [item] }));
  }

  // Whatever came of it, the board is drawn as it is in the database.
  async function send(address, values, column, from) {
    board.classList.add("sending");
    let answer;
    try {
      answer = await post(address, values);
    } catch {
      erase();
      document.dispatchEvent(new CustomEvent("refusal", { detail: document.getElementById("panel").dataset.offline }));
      return document.dispatchEvent(new CustomEvent("day:changed"));
    } finally {
      board.classList.remove("sending");
    }
    if (answer.done) {
      erase();
      tell(answer.told, answer.undo);
    }
    document.dispatchEvent(new CustomEvent("day:changed"));
    if (!answer.done) refuse(answer, address, values, column, from);
    return undefined;
  }

  function refuse(answer, address, values, column, from) {
    const buttons = (answer.choices || []).map(({ label, values: more }) => ({ label, act: () => send(address, { ...values, ...more }, column, from) }));
    ask(column, from, { text: answer.told, links: answer.in_the_way || [], buttons });
  }

  return { board, read, listColumns, snap, toMinutes, toPixels, toClock, findColumn, nameColumn, outline, erase, describe, ask, send };
})();
