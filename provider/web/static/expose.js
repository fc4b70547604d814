"use strict";

// The form that exposes an application. htmx asks, while one types, what would come of it (POST /expose/check
// changes nothing), and for the rows of the servers; here is what is left to do around that.

// The button that asks for the same by hand is not needed.
for (const button of document.querySelectorAll(".without-script")) button.hidden = true;

// What is wrong with a field stands in a place of its own: the field itself says so, too.
const mark = (place) => {
  const field = document.querySelector(`[aria-describedby~="${CSS.escape(place.id)}"]`);
  if (!field) return;
  if (place.childElementCount > 0) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
};
document.addEventListener("htmx:afterSettle", () => {
  for (const place of document.querySelectorAll("#expose .wrong[id]")) mark(place);
});

// After a row more or less: on with the next thing to type, and what would come of it is asked for.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "servers" && event.detail.elt?.id !== "servers") return;
  const urls = [...document.querySelectorAll('#servers input[name$="/url"]')];
  (urls.find((url) => url.value === "") ?? urls.at(-1))?.focus();
  document.getElementById("expose")?.dispatchEvent(new Event("change", { bubbles: true }));
});
