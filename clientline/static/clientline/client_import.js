"use strict";
// Sends the form without leaving the page: the chosen file stays chosen between checking and importing it.
{
  const form = document.getElementById("import-form");
  const busy = document.getElementById("import-busy");
  const file = form.querySelector("input[type=file]");

  const tell = (text) => {
    const list = document.createElement("ul");
    list.className = "errorlist";
    list.append(document.createElement("li"));
    list.firstChild.textContent = text;
    document.getElementById("import-errors").replaceChildren(...(text ? [list] : []));
  };

  const buttons = () => document.querySelectorAll("#import-form [type=submit], #import-result button");

  const setBusy = (text) => {
    busy.hidden = !text;
    busy.querySelector("span").textContent = text;
    buttons().forEach((button) => { button.disabled = Boolean(text); });
  };

  const show = (html) => {
    const answer = new DOMParser().parseFromString(html, "text/html");
    for (const id of ["import-errors", "import-result"]) {
      document.getElementById(id).replaceChildren(...answer.getElementById(id).childNodes);
    }
    document.querySelectorAll(".without-script").forEach((each) => each.remove());
  };

  const send = async (body) => {
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    } catch {
      file.value = "";
      return tell(form.dataset.unsent);
    }
    if (answer.type === "opaqueredirect") {
      return location.assign(form.dataset.done);
    }
    if (!answer.ok) {
      return tell(form.dataset.refused.replace("{status}", answer.status));
    }
    return show(await answer.text());
  };

  file.addEventListener("change", () => {
    document.getElementById("import-result").replaceChildren();
    tell("");
  });

  form.addEventListener("submit", async (event) => {
    if (event.submitter && event.submitter.name === "download") {
      return; // the browser saves what comes
    }
    event.preventDefault();
    const chosen = file.files[0];
    if (chosen && chosen.size > Number(form.dataset.largest)) {
      return tell(form.dataset.tooLarge.replace("{size}", Number(form.dataset.largest) / 1e6));
    }
    const body = new FormData(form);
    if (event.submitter && event.submitter.name) {
      body.append(event.submitter.name, event.submitter.value);
    }
    setBusy(body.has("import") ? form.dataset.importing : form.dataset.checking);
    await send(body);
    setBusy("");
  });
}
