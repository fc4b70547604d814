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
  // Whoever leaves the page at once has chosen all the same.
  fetch(form.action, { method: "POST", body: new URLSearchParams(chosen), redirect: "manual", keepalive: true });
});

// What htmx asked for and did not get is told, in the page's language: by the service, or if it cannot, from here.
const tell = (text, ...more) => {
  const box = document.createElement("div");
  box.className = "notice bad";
  const line = document.createElement("p");
  line.append(text, ...more);
  box.append(line);
  document.getElementById("notices")?.replaceChildren(box);
};
document.addEventListener("live:over", () => {
  const link = document.createElement("a");
  link.href = "/login";
  link.target = "_blank";
  link.textContent = document.body.dataset.logIn;
  tell(document.body.dataset.sessionOver, " ", link);
});
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

// Who pressed a button by which the page is loaded again goes on from there: at that button, at the one that took its
// place, or at the content.
const PRESSED = "pressed";
document.addEventListener("submit", ({ target, submitter }) => {
  if (!target.matches("main form[method=post]") || !submitter) return;
  const action = target.getAttribute("action");
  sessionStorage.setItem(PRESSED, JSON.stringify([location.pathname, submitter.id, action]));
});
const goOn = () => {
  const [path, id, action] = JSON.parse(sessionStorage.getItem(PRESSED) ?? "[]");
  sessionStorage.removeItem(PRESSED);
  if (path !== location.pathname || document.activeElement !== document.body) return;
  const same = id && document.getElementById(id);
  const next = same || document.querySelector(`main form[action="${CSS.escape(action)}"] button:not(.unseen, .first)`);
  (next ?? document.getElementById("main"))?.focus();
};
goOn();
