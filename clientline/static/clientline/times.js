"use strict";
// The free times and the client's notes follow what is chosen: the form asks for them as its button "Show free times" would.
{
  const FOLLOWED = ["client", "service", "then_1", "then_2", "staff", "date", "duration"];

  function follow(form) {
    let latest = 0;

    async function look() {
      const asked = ++latest;
      const body = new FormData(form);
      body.append("look", "1");
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      if (!answer.ok || asked !== latest) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["times", "client-notes"]) {
        const [old, found] = [document.getElementById(id), page.getElementById(id)];
        if (old && found) old.replaceWith(document.adoptNode(found));
      }
    }

    form.querySelector("button[name=look]").hidden = true;
    const client = form.elements.client;
    if (client && !client.value && matchMedia("(pointer: fine)").matches) client.dispatchEvent(new Event("combobox:open"));
    form.addEventListener("change", ({ target }) => FOLLOWED.includes(target.name) && look());
    // Whom the search for clients does not find is somebody new, of the name that was typed.
    form.addEventListener("combobox:unknown", ({ target, detail }) => {
      const name = form.elements.namedItem("name");
      if (target.name !== "client" || !name) return;
      name.closest("details").open = true;
      name.value = detail;
      name.focus();
    });
    // A time is chosen or typed, not both.
    form.addEventListener("input", ({ target }) => {
      if (target.name === "time") form.querySelectorAll("[name=slot]").forEach((slot) => { slot.checked = slot.value === ""; });
      if (target.name === "slot" && target.value) form.elements.time.value = "";
    });
  }

  const begin = (within) => {
    const form = within.querySelector("form[data-times]");
    if (!form || form.dataset.followed || !within.querySelector("#times")) return;
    form.dataset.followed = "1";
    follow(form);
  };
  begin(document);
  // A form that opens beside the day later.
  document.addEventListener("fragment", ({ detail }) => begin(detail));
}
