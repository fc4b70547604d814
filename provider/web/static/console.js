"use strict";

// What every page has. All of it works without this; here it becomes livelier.

// The theme changes at once, and what was typed stays.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!form.matches("[data-theme-switch]") || !button) return;
  event.preventDefault();
  const chosen = new FormData(form, button);
  const root = document.documentElement;
  if (button.value === "auto") delete root.dataset.theme;
  else root.dataset.theme = button.value;
  for (const other of form.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
  fetch(form.action, { method: "POST", body: new URLSearchParams(chosen), redirect: "manual" });
});

// What htmx asked for and did not get is told, in the page's language: by the service, or if it cannot, from here.
const tell = (text) => {
  const box = document.createElement("div");
  box.className = "notice bad";
  const line = document.createElement("p");
  line.textContent = text;
  box.append(line);
  document.getElementById("notices")?.replaceChildren(box);
};
document.addEventListener("htmx:sendError", () => tell(document.body.dataset.noAnswer));
document.addEventListener("htmx:timeout", () => tell(document.body.dataset.noAnswer));
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.isError && detail.xhr.getResponseHeader("HX-Retarget")) detail.shouldSwap = true;
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (!detail.xhr.getResponseHeader("HX-Retarget")) tell(document.body.dataset.refused);
});

// Whoever points at a date sees it as the clock on the wall does.
const localise = (root) => {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "long" });
  for (const time of root.querySelectorAll("time[datetime][title]")) {
    time.title = format.format(new Date(time.dateTime));
  }
};
localise(document);
document.addEventListener("htmx:load", (event) => localise(event.detail.elt));
