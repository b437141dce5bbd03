// Keeps the board as it is in the database: asks for the day's version every ten seconds, and redraws what changed.
// What is typed in the panel, the place in the board, and what has the focus stay, and nothing goes below a finger.
"use strict";
{
  const board = document.getElementById("board");
  const SECONDS = 10;
  const PARTS = ["figures", "below", "notices"];
  let version = null;
  let drawn = null;
  let redrawing = null;
  let again = false;
  const fingers = new Set(); // that rest on the board: what they press must not be drawn anew

  const columns = (page) => [...page.querySelectorAll("#board > section")];
  const frame = (page) => {
    const found = page.getElementById("board");
    return JSON.stringify([{ ...found.dataset, etag: "" }, columns(page).map((each) => each.querySelector("h2").innerHTML), found.querySelector(".axis").innerHTML]);
  };
  const remember = (page) => ({ frame: frame(page), columns: columns(page).map((each) => each.querySelector("svg").innerHTML) });

  const findTop = (place) => Number(place.parentElement.getAttribute("y"));

  // On the same place; where that is gone, as a free one is that was booked, on the one that stands nearest.
  function keepFocus(change) {
    const held = document.activeElement;
    const column = columns(document).findIndex((each) => each.querySelector("svg").contains(held));
    const [address, top] = column < 0 ? [] : [held.getAttribute("href"), findTop(held)];
    change();
    if (column < 0 || board.contains(document.activeElement)) return;
    const places = [...(columns(document)[column]?.querySelectorAll("svg a") ?? [])];
    const nearest = (best, each) => (Math.abs(findTop(each) - top) < Math.abs(findTop(best) - top) ? each : best);
    const next = places.find((each) => each.getAttribute("href") === address) ?? (places.length ? places.reduce(nearest) : null);
    next?.focus({ preventScroll: true });
  }

  function redrawAll(page) {
    const { scrollTop, scrollLeft } = board;
    const found = page.getElementById("board");
    Object.assign(board.dataset, found.dataset);
    const asking = board.querySelector(".asking"); // what is being asked stays
    board.replaceChildren(...[...found.childNodes].map((each) => document.adoptNode(each)), ...(asking ? [asking] : []));
    board.scrollTo(scrollLeft, scrollTop);
  }

  function redrawColumns(page, next) {
    const present = columns(document);
    columns(page).forEach((column, number) => {
      if (next.columns[number] === drawn.columns[number]) return;
      present[number].querySelector("svg").replaceWith(document.adoptNode(column.querySelector("svg")));
    });
  }

  function redraw(page) {
    if (!page.getElementById("board")) return location.reload();
    const next = remember(page);
    keepFocus(() => (next.frame === drawn.frame ? redrawColumns(page, next) : redrawAll(page)));
    drawn = next;
    for (const name of PARTS) {
      const [old, fresh] = [document, page].map((each) => each.getElementById(`day-${name}`));
      if (old && fresh && old.innerHTML !== fresh.innerHTML && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(fresh));
    }
    document.dispatchEvent(new CustomEvent("day:drawn"));
  }

  async function fetchDay() {
    const answer = await fetch(location.href, { headers: { "X-Panel": "1" } });
    if (answer.redirected) return location.reload(); // signed out, or somewhere else
    if (!answer.ok) return undefined;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    while (isHeld()) await new Promise((done) => setTimeout(done, 200));
    return again ? undefined : redraw(page); // older by now than what is fetched next
  }

  const isHeld = () => fingers.size > 0 || board.classList.contains("dragging");
  function press(event) {
    if (event.isPrimary) fingers.clear(); // the only one there is, whatever was told of others
    if (event.pointerType === "touch") fingers.add(event.pointerId);
  }
  const lift = ({ pointerId }) => setTimeout(() => fingers.delete(pointerId), 50); // its click comes first

  // One after the other; what changes meanwhile is fetched afterwards.
  async function refresh() {
    again = true;
    if (redrawing) return redrawing;
    redrawing = (async () => {
      while (again) {
        again = false;
        await fetchDay().catch(() => {});
      }
      redrawing = null;
    })();
    return redrawing;
  }

  async function look() {
    if (document.hidden) return;
    const headers = version ? { "If-None-Match": version } : {};
    const answer = await fetch(board.dataset.version, { headers, cache: "no-store" }).catch(() => null);
    if (!answer || answer.status === 304) return;
    if (answer.redirected) return location.reload();
    if (!answer.ok) return;
    const isNew = version !== answer.headers.get("ETag") && version !== null;
    version = answer.headers.get("ETag");
    if (isNew) await refresh();
  }

  if (board) {
    version = board.dataset.etag;
    drawn = remember(document);
    setInterval(look, SECONDS * 1000);
    document.addEventListener("visibilitychange", look);
    document.addEventListener("day:changed", refresh);
    board.addEventListener("pointerdown", press);
    for (const ended of ["pointerup", "pointercancel"]) document.addEventListener(ended, lift);
  }
}
