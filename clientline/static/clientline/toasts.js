// What was done, said for ten seconds, with a button that takes it back where that can be done.
"use strict";
{
  const box = document.getElementById("toasts");
  const SECONDS = 10;

  const readToken = () => document.querySelector("#logout-form [name=csrfmiddlewaretoken]").value;

  function makeButton(label, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = label;
    button.addEventListener("click", act);
    return button;
  }

  async function takeBack(link) {
    const data = new FormData();
    data.append("csrfmiddlewaretoken", readToken());
    for (const [name, value] of new URLSearchParams(link.dataset.body || "")) data.append(name, value);
    const answer = await fetch(link.href, { method: "POST", body: data, headers: { "X-Panel": "1" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = [...page.querySelectorAll(answer.redirected ? ".messagelist li" : ".errornote, .errorlist li")];
    document.dispatchEvent(new CustomEvent("day:changed"));
    told.slice(0, answer.redirected ? told.length : 1).forEach((each) => show(each, !answer.redirected));
    if (!told.length) location.assign(link.href);
  }

  // `told` is an item of a page's messages, or a text.
  function show(told, isRefusal) {
    const toast = document.createElement("div");
    const link = told.querySelector?.("a.undo");
    toast.className = `toast ${told.className || ""}${isRefusal ? " error" : ""}`;
    const text = document.createElement("p");
    text.textContent = told.textContent ? [...told.childNodes].filter((each) => each !== link).map((each) => each.textContent).join("").trim() : told;
    toast.append(text);
    const end = () => toast.remove();
    if (link) {
      toast.append(makeButton(link.textContent, () => { end(); takeBack(link); }));
    }
    const shut = makeButton("×", end);
    shut.setAttribute("aria-label", box.dataset.close);
    toast.append(shut);
    box.append(toast);
    let left = setTimeout(end, SECONDS * 1000);
    const stay = () => clearTimeout(left);
    const go = () => { stay(); left = setTimeout(end, SECONDS * 1000); };
    toast.addEventListener("focusin", stay);
    toast.addEventListener("pointerenter", stay);
    toast.addEventListener("focusout", go);
    toast.addEventListener("pointerleave", go);
  }

  document.addEventListener("toast", ({ detail }) => detail.forEach((each) => show(each, false)));
  document.addEventListener("refusal", ({ detail }) => show(detail, true));
}
