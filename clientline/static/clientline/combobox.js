// A search before each select whose rows are too many to be listed: what is typed is looked for by the server, what is
// chosen stays in the select, which the form sends. Without this script the select offers what is chosen already.
"use strict";
{
  const WAIT = 150; // milliseconds after the last key
  let number = 0;

  const make = (name, attributes) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  function enhance(select) {
    number += 1;
    const id = select.id || `combobox-${number}`;
    const box = make("div", { class: "combobox" });
    const list = make("ul", { id: `${id}-list`, role: "listbox", hidden: "" });
    const input = make("input", { type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id });
    const status = make("p", { class: "combobox-status", role: "status" });
    for (const name of ["aria-describedby", "aria-invalid", "autofocus", "required"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
    select.required = false;
    select.removeAttribute("autofocus");
    select.id = `${id}-chosen`; // the label is the search field's now
    input.id = id;
    const label = document.querySelector(`label[for="${CSS.escape(id)}"]`);
    list.setAttribute("aria-label", label ? label.textContent : "");
    select.hidden = true;
    select.before(box);
    const tags = select.multiple ? make("ul", { class: "chosen" }) : null;
    box.append(...(tags ? [tags] : []), input, list, status);

    let active = -1;
    let asked = 0;
    let waiting = null;

    const options = () => [...list.children];
    const chosen = () => [...select.selectedOptions].filter((each) => each.value);
    const isOpen = () => !list.hidden;
    let isAsking = false;
    let isUnknown = false; // what is typed was looked for and not found

    function showChosen() {
      if (!tags) { input.value = chosen()[0]?.textContent ?? ""; return; }
      input.value = "";
      tags.replaceChildren(...chosen().map((option) => {
        const item = make("li", {});
        const button = make("button", { type: "button", "aria-label": `${select.dataset.clear}: ${option.textContent}` });
        button.textContent = "×";
        button.addEventListener("click", () => { option.selected = false; tell(); showChosen(); input.focus(); });
        item.append(option.textContent, " ", button);
        return item;
      }));
    }

    function tell() {
      select.dispatchEvent(new Event("input", { bubbles: true }));
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function mark(place) {
      options().forEach((each, index) => each.setAttribute("aria-selected", String(index === place)));
      active = place;
      const option = options()[place];
      if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
    }

    function close() {
      asked += 1;
      isAsking = false;
      clearTimeout(waiting);
      list.hidden = true;
      list.replaceChildren();
      status.textContent = "";
      isUnknown = false;
      input.setAttribute("aria-expanded", "false");
      mark(-1);
    }

    function show(results) {
      isUnknown = !results.length && Boolean(input.value.trim());
      list.replaceChildren(...results.map(({ id: key, text }, index) => {
        const option = make("li", { role: "option", id: `${id}-option-${index}`, "data-value": key, "aria-selected": "false" });
        option.textContent = text;
        return option;
      }));
      list.hidden = !results.length;
      input.setAttribute("aria-expanded", String(Boolean(results.length)));
      status.textContent = results.length ? "" : select.dataset.nothing;
      mark(results.length ? 0 : -1);
    }

    // While it is asked, Enter chooses none of those that stand there from before.
    async function look(text) {
      const mine = ++asked;
      isAsking = true;
      mark(-1);
      try {
        const answer = await fetch(`${select.dataset.suggest}&term=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
        if (mine !== asked) return;
        if (!answer.ok) throw new Error(answer.status);
        const { results } = await answer.json();
        if (mine !== asked) return;
        show(results);
      } catch {
        if (mine !== asked) return;
        show([]);
        isUnknown = false;
        status.textContent = select.dataset.offline;
      }
      isAsking = false;
    }

    function choose(option) {
      const key = option.dataset.value;
      let kept = [...select.options].find((each) => each.value === key);
      if (!kept) { kept = new Option(option.textContent, key); select.append(kept); }
      kept.selected = true;
      showChosen();
      close();
      tell();
    }

    input.addEventListener("input", () => {
      asked += 1; // an answer to what was typed before comes too late
      isUnknown = false;
      mark(-1);
      clearTimeout(waiting);
      waiting = setTimeout(() => look(input.value.trim()), WAIT);
    });
    input.addEventListener("click", () => { if (!isOpen()) { input.select(); look(""); } });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!isOpen()) return look("");
        const count = options().length;
        mark((active + (event.key === "ArrowDown" ? 1 : count - 1) + (active < 0 && event.key === "ArrowUp" ? 1 : 0)) % count);
      } else if (event.key === "Enter") {
        if (isOpen() || input.value !== (chosen()[0]?.textContent ?? "")) event.preventDefault();
        if (isOpen() && options()[active]) choose(options()[active]);
        else if (isUnknown) select.dispatchEvent(new CustomEvent("combobox:unknown", { bubbles: true, detail: input.value.trim() }));
      } else if (event.key === "Escape" && (isOpen() || isAsking || status.textContent)) {
        event.preventDefault();
        close();
        showChosen();
      }
      return undefined;
    });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the field
    list.addEventListener("click", ({ target }) => { const option = target.closest("[role=option]"); if (option) choose(option); });
    // Emptied, nothing is chosen; what was typed and not chosen is given up.
    input.addEventListener("blur", () => {
      if (!tags && !input.value.trim() && chosen().length) { select.value = ""; if (select.value) select.selectedIndex = -1; tell(); }
      close();
      showChosen();
    });
    select.addEventListener("combobox:open", () => { input.focus(); look(""); });
    showChosen();
  }

  const begin = (within) => {
    for (const select of within.querySelectorAll("select[data-suggest]")) if (!select.hidden) enhance(select);
  };
  begin(document);
  document.addEventListener("fragment", ({ detail }) => begin(detail));
}
