// A visit is dragged to another time or person, or its lower edge to another length; pressing and dragging where nothing
// stands books or blocks. A finger rests before it drags, as it scrolls otherwise. The same by keyboard: Alt and the
// arrows move, with Shift they lengthen, Enter does it.
"use strict";
if (DayPlacing.board) {
  const { board, read, listColumns, snap, toMinutes, toClock, findColumn, outline, erase, describe, ask, send } = DayPlacing;
  const STARTS_AFTER = 5; // pixels
  const EDGE = { mouse: 6, pen: 6, touch: 14 }; // pixels at the lower end of a visit that lengthen it
  const HOLD = 350; // ms that a finger rests before it drags: sooner, it scrolls; from 500 on, browsers offer their menu
  const NEAR_EDGE = 40;
  let drag = null;
  let resting = null; // a finger that may begin to drag
  let said = null;

  const measure = (link) => {
    const box = link.closest("foreignObject");
    const top = Number(box.getAttribute("y"));
    return { top, from: Math.round(toMinutes(top)), length: Number(link.dataset.minutes) };
  };
  const isMovable = (link) => board.dataset.move && link.matches(".scheduled:not(.folded)");

  function place(link, column, from, length) {
    const was = measure(link);
    const { time, fold } = toClock(from);
    const values = { visit: /(\d+)\/change/.exec(link.href)[1], version: link.dataset.v, date: column.dataset.date, time, fold, staff: column.dataset.staff };
    if (column === link.closest("svg") && from === was.from && length === was.length) return erase();
    return send(board.dataset.move, length === was.length ? values : { ...values, duration: length }, column, from);
  }

  // Pointer

  function press(event) {
    if (event.pointerType !== "touch") return begin(event);
    scroll();
    if (!event.isPrimary) { stop(); return erase(); } // two fingers zoom
    resting = { event, timer: setTimeout(lift, HOLD) };
    return undefined;
  }
  const scroll = () => { clearTimeout(resting?.timer); resting = null; };

  function lift() {
    const { event } = resting;
    scroll();
    begin(event);
    if (!drag) return;
    carry();
    aim(event); // shown at once: the finger sees that it holds something
  }

  function begin(event) {
    if (event.button !== 0 || event.target.closest(".asking, h2, .axis")) return;
    const column = event.target.closest("section > svg");
    const link = event.target.closest("a.visit");
    if (!column || (link && !isMovable(link)) || (!link && !board.dataset.booking && !board.dataset.block)) return;
    const down = event.clientY - column.getBoundingClientRect().top;
    const box = link?.getBoundingClientRect();
    const edge = EDGE[event.pointerType] ?? EDGE.mouse;
    const kind = !link ? "draw" : board.dataset.resize && box.bottom - event.clientY <= edge && box.height > 2 * edge ? "resize" : "move";
    drag = { kind, link, column, x: event.clientX, y: event.clientY, down, isBegun: false, pointer: event.pointerId, ...(link ? measure(link) : { from: snapDown(down), length: read().step }) };
    drag.held = down - (drag.top ?? down);
  }
  const snapDown = (down) => { const { step } = read(); return Math.max(0, Math.floor(toMinutes(down) / step) * step); };

  function carry() {
    drag.isBegun = true;
    board.classList.add("dragging", drag.kind);
    drag.link?.classList.add("held");
    board.setPointerCapture(drag.pointer);
  }

  // A busy device tells late, and that a finger goes before a timer that is due: when each was done decides.
  function leave(event) {
    const { event: pressed } = resting;
    const isFar = ({ clientX, clientY }) => Math.hypot(clientX - pressed.clientX, clientY - pressed.clientY) > STARTS_AFTER;
    const gone = (event.getCoalescedEvents?.() ?? []).find(isFar) || event; // told together, under the time of the last
    if (!isFar(gone)) return;
    if (gone.timeStamp - pressed.timeStamp < HOLD) scroll();
    else lift();
  }

  function follow(event) {
    if (resting) leave(event);
    if (!drag || event.pointerId !== drag.pointer) return;
    if (!drag.isBegun) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < STARTS_AFTER) return;
      carry();
    }
    scrollAlong(event);
    aim(event);
  }

  function aim(event) {
    const column = drag.kind === "move" ? findColumn(event.clientX) || drag.aimed?.column || drag.column : drag.column;
    const down = event.clientY - column.getBoundingClientRect().top;
    let { from, length } = drag;
    if (drag.kind === "move") from = snap(toMinutes(down - drag.held));
    else length = Math.max(snap(toMinutes(down) + (drag.kind === "draw" ? read().step / 2 : 0)) - from, drag.kind === "resize" ? Math.min(5, read().step) : read().step);
    drag.aimed = { column, from, length };
    outline(column, from, length);
  }

  function scrollAlong({ clientX, clientY }) {
    const box = board.getBoundingClientRect();
    const pull = (at, first, last) => (at < first + NEAR_EDGE ? -12 : at > last - NEAR_EDGE ? 12 : 0);
    board.scrollBy(pull(clientX, box.left, box.right), pull(clientY, box.top, box.bottom));
  }

  function end(event) {
    scroll();
    if (!drag || event.pointerId !== drag.pointer) return;
    const { isBegun, aimed, kind, link } = drag;
    stop();
    if (!isBegun || !aimed) return;
    addEventListener("click", swallow, { capture: true, once: true }); // a drag is no click on what it began on
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 50);
    if (kind === "draw") offer(aimed);
    else place(link, aimed.column, aimed.from, aimed.length);
  }
  const swallow = (event) => {
    if (event.target.closest(".asking")) return; // who answers at once what it asks
    event.preventDefault();
    event.stopPropagation();
  };

  function stop() {
    drag?.link?.classList.remove("held");
    board.classList.remove("dragging", "move", "resize", "draw");
    drag = null;
  }

  function offer({ column, from, length }) {
    const { time, fold } = toClock(from);
    const values = { staff: column.dataset.staff, date: column.dataset.date, time, duration: length };
    const buttons = [];
    if (board.dataset.booking) buttons.push({ label: board.dataset.bookLabel, act: () => document.dispatchEvent(new CustomEvent("panel:open", { detail: { address: `${board.dataset.booking}?${new URLSearchParams(values)}`, from: null } })) });
    if (board.dataset.block) buttons.push({ label: board.dataset.blockLabel, act: () => send(board.dataset.block, { ...values, fold }, column, from) });
    ask(column, from, { text: describe(column, from, length), buttons, role: "dialog" });
  }

  // Keyboard

  function listen() {
    said = document.createElement("div");
    said.className = "visually-hidden";
    said.setAttribute("role", "status");
    board.after(said);
  }

  function step(event, link) {
    const present = drag?.byKey ? drag.aimed : { column: link.closest("svg"), ...measure(link) };
    const columns = listColumns();
    let { column, from, length } = present;
    const { step: grid, rows } = read();
    const by = { ArrowDown: grid, ArrowUp: -grid }[event.key] ?? 0;
    const across = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
    if (event.shiftKey && board.dataset.resize) length = Math.max(grid, length + by);
    else from = Math.max(0, Math.min(from + by, rows.length * 60 - grid));
    column = columns[columns.indexOf(column) + across] || column;
    drag = { byKey: true, link, aimed: { column, from, length } };
    board.classList.add("dragging");
    link.classList.add("held");
    outline(column, from, length).scrollIntoView({ block: "nearest", inline: "nearest" });
    said.textContent = `${describe(column, from, length)}. ${board.dataset.keys}`;
  }

  board.addEventListener("keydown", (event) => {
    const link = event.target.closest("a.visit");
    if (link && event.altKey && event.key.startsWith("Arrow") && isMovable(link)) {
      event.preventDefault();
      step(event, link);
    } else if (drag?.byKey && (event.key === "Enter" || event.key === "Escape")) {
      event.preventDefault();
      const { link: moved, aimed } = drag;
      stop();
      moved.classList.remove("held");
      said.textContent = "";
      if (event.key === "Enter") place(moved, aimed.column, aimed.from, aimed.length);
      else erase();
    }
  });
  board.addEventListener("focusout", () => { if (drag?.byKey) { stop(); erase(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag && !drag.byKey) { event.preventDefault(); stop(); erase(); }
  });
  board.addEventListener("pointerdown", press);
  board.addEventListener("pointermove", follow);
  board.addEventListener("pointerup", end);
  board.addEventListener("pointercancel", () => { scroll(); stop(); erase(); });
  // What is held does not scroll away, and is asked for no menu. Not passive, or the browser would not listen.
  board.addEventListener("touchmove", (event) => { if (drag && !drag.byKey) event.preventDefault(); }, { passive: false });
  board.addEventListener("contextmenu", (event) => { if (drag && !drag.byKey && event.pointerType === "touch") event.preventDefault(); });
  board.addEventListener("dragstart", (event) => event.preventDefault()); // a link's own
  listen();
}
