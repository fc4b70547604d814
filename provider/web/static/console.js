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

// Who pressed a button or a link by which the page is loaded again goes on from there: at that one, at the one that took
// its place, or at the content. Who is led to another page goes on at its content.
const PRESSED = "pressed";
const remember = (...places) => sessionStorage.setItem(PRESSED, JSON.stringify([location.pathname, ...places]));
document.addEventListener("submit", ({ target, submitter }) => {
  if (!submitter || target.matches("[data-theme-switch]")) return;
  const form = `form[action="${CSS.escape(target.getAttribute("action"))}"]`;
  const field = target.method === "get" && document.activeElement.name;
  remember(
    submitter.id && `#${CSS.escape(submitter.id)}`,
    field && `${form} [name="${CSS.escape(field)}"]`,
    submitter.value && `${form} button[value="${CSS.escape(submitter.value)}"]`,
    `${form} button:not(.unseen, .first)`,
  );
});
document.addEventListener("click", ({ target, detail, ctrlKey, metaKey, shiftKey }) => {
  const link = target.closest("main a[href]");
  const isKey = detail === 0 && !ctrlKey && !metaKey && !shiftKey; // a mouse shows where one is
  if (!link || !isKey || link.hash || link.pathname !== location.pathname) return;
  remember(`main a[href="${CSS.escape(link.getAttribute("href"))}"]`);
});
const goOn = () => {
  const [path, ...places] = JSON.parse(sessionStorage.getItem(PRESSED) ?? "[]");
  sessionStorage.removeItem(PRESSED);
  if (path === undefined || document.activeElement !== document.body) return;
  const found = path === location.pathname ? places.filter(Boolean) : [];
  const seen = found.flatMap((place) => [...document.querySelectorAll(place)]).find((each) => each.checkVisibility());
  (seen ?? document.getElementById("main"))?.focus();
};
goOn();
