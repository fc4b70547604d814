"use strict";

// What is to be copied gets a button for that. What is shown once is not asked for again by a reload.

(() => {
  const buttonFor = (source) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small outline secondary copy";
    button.textContent = source.dataset.copy;
    const told = document.createElement("span");
    told.className = "told";
    told.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      const text = source.value ?? source.textContent;
      try {
        await navigator.clipboard.writeText(text);
        told.textContent = source.dataset.copied;
      } catch {
        // There is no clipboard where a page came without TLS from another machine.
        told.textContent = source.dataset.notCopied;
        if (source.select) source.select();
        else getSelection().selectAllChildren(source);
      }
      setTimeout(() => {
        told.textContent = "";
      }, 4000);
    });
    source.after(button, told);
  };

  const prepare = (root) => {
    for (const source of root.querySelectorAll("[data-copy]:not([data-ready])")) {
      source.dataset.ready = "";
      buttonFor(source);
    }
  };
  prepare(document);
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));

  const once = document.querySelector("[data-once]");
  if (once) history.replaceState(null, "", once.dataset.once);
})();
