// Pages open beside the day: the same forms, as fragments in a dialog. Without this script they are pages of their own.
// What was done is told by a toast, and the day stays where it is.
"use strict";
{
  const panel = document.getElementById("panel");
  const body = panel.querySelector(".panel-body");
  const loaded = new Map([...document.querySelectorAll("script[src], link[rel=stylesheet]")].map((each) => [each.src || each.href, true]));
  let opener = null;
  let asked = 0;
  let isTyped = false;
  let warned = 0;

  const emit = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

  const load = (element) => new Promise((done) => {
    const made = document.createElement(element.tagName);
    for (const { name, value } of element.attributes) if (name !== "defer") made.setAttribute(name, value);
    made.async = false;
    made.onload = made.onerror = done;
    // Django's styles before ours, which say how the same looks here.
    if (made.tagName === "LINK") document.querySelector("link[rel=stylesheet][href*='clientline/']").before(made);
    else document.head.append(made);
  });

  // What a fragment's own scripts need stands before them, and each is fetched once.
  async function loadMissing(page) {
    const waiting = [];
    for (const each of page.querySelectorAll("head script[src], head link[rel=stylesheet]")) {
      const address = each.src || each.href;
      if (loaded.has(address)) continue;
      loaded.set(address, true);
      waiting.push(load(each));
    }
    await Promise.all(waiting);
  }

  // Its addresses are read from where it came: the policy lets no page say so itself.
  const parse = (text, address) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const each of page.querySelectorAll("a[href]")) each.setAttribute("href", new URL(each.getAttribute("href"), address).href);
    for (const each of page.querySelectorAll("form")) each.setAttribute("action", new URL(each.getAttribute("action") || "", address).href);
    return page;
  };

  async function show(page, address) {
    await loadMissing(page);
    body.replaceChildren(...[...page.body.childNodes].map((each) => document.adoptNode(each)));
    isTyped = false;
    body.querySelector("h2").after(makeFullPageLink(address));
    if (!panel.open) panel.show();
    const first = body.querySelector("[autofocus]") || body.querySelector(".errornote, h2");
    if (!first.matches("[autofocus]")) first.tabIndex = -1;
    first.focus();
    emit("fragment", body);
  }

  function makeFullPageLink(address) {
    const link = document.createElement("a");
    link.href = address;
    link.className = "full-page";
    link.textContent = panel.dataset.fullPage;
    return link;
  }

  // What was done leads elsewhere; what was refused comes back as it was typed.
  async function take(answer, sent) {
    const text = await answer.text();
    if (!answer.url.startsWith(`${location.origin}/admin/`) || answer.url.includes("/admin/login/")) return location.assign(answer.url);
    const page = parse(text, answer.url);
    const told = [...page.querySelectorAll(".messagelist li")];
    if (sent && answer.redirected && !page.querySelector("form.asked")) {
      close();
      emit("day:changed");
      return emit("toast", told);
    }
    if (!page.getElementById("panel-title")) return location.assign(answer.url);
    return show(page, answer.url);
  }

  async function ask(address, options, sent) {
    const mine = ++asked;
    panel.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { ...options, headers: { "X-Panel": "1" } });
      if (mine === asked || sent) await take(answer, sent);
    } catch {
      emit("toast", [panel.dataset.offline]);
    } finally {
      panel.removeAttribute("aria-busy");
    }
  }

  // What was typed is given up only knowingly, by the same again.
  function mayLeave() {
    if (!panel.open || !isTyped || Date.now() - warned < 5000) return true;
    warned = Date.now();
    emit("refusal", panel.dataset.unsaved);
    return false;
  }

  function open(address, from) {
    opener = from;
    const box = from && from.getBoundingClientRect();
    panel.classList.toggle("left", Boolean(box) && box.left + box.width / 2 > innerWidth / 2);
    return ask(address);
  }

  function close() {
    asked += 1;
    if (!panel.open) return;
    isTyped = false;
    panel.close();
    body.replaceChildren();
    const back = opener && (opener.isConnected ? opener : [...document.querySelectorAll(".board a")].find((each) => each.href === opener.href));
    if (back) back.focus();
  }

  const isPlain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;
  const OPENS = ".board a.visit, .board a.free, a[data-panel], #panel .button-row a, #panel .payments a, #panel .panel-link";

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && isPlain(event) && link.closest("#panel") && link.pathname === "/admin/" && !link.search) {
      event.preventDefault(); // back to the day, which is there
      if (mayLeave()) close();
      return;
    }
    if (!link || !isPlain(event) || !link.matches(OPENS) || link.matches("[rel=noreferrer], .full-page, .undo, .its-day")) return;
    event.preventDefault();
    if (mayLeave()) open(link.href, link.closest("#panel") ? opener : link);
  });
  document.addEventListener("panel:open", ({ detail }) => mayLeave() && open(detail.address, detail.from));

  panel.addEventListener("submit", (event) => {
    const form = event.target;
    event.preventDefault();
    if (panel.hasAttribute("aria-busy") && form.dataset.sent) return; // a second click on the same button
    form.dataset.sent = "1";
    const data = new FormData(form, event.submitter);
    const address = event.submitter?.getAttribute("formaction") || form.getAttribute("action");
    const get = form.method === "get";
    ask(get ? `${address.split("?")[0]}?${new URLSearchParams(data)}` : address, get ? {} : { method: "POST", body: data }, !get);
    setTimeout(() => { delete form.dataset.sent; }, 1000);
  });

  panel.querySelector(".panel-close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.open && !event.defaultPrevented && mayLeave()) close();
  });
  panel.addEventListener("input", () => { isTyped = true; });
}
