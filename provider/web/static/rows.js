"use strict";

// Forms with lists: one more row without asking the server, and names that are proposed as one types.

// A row is a copy of the last one, with the next number in its names and nothing in its fields but what stands there at first.
const addRow = (button) => {
  const list = button.dataset.adds;
  const rows = document.querySelector(`[data-rows="${CSS.escape(list)}"]`);
  const index = rows.children.length;
  const row = rows.lastElementChild.cloneNode(true);
  for (const wrong of row.querySelectorAll(".wrong")) wrong.remove();
  const moved = (text, join) => text.replace(`${list.replaceAll("/", join)}${join}${index - 1}`, `${list.replaceAll("/", join)}${join}${index}`);
  for (const part of row.querySelectorAll("[name], [id], [for]")) {
    if (part.name) part.name = moved(part.name, "/");
    if (part.id) part.id = moved(part.id, "-");
    if (part.htmlFor) part.htmlFor = moved(part.htmlFor, "-");
    if (part.dataset.label) part.setAttribute("aria-label", part.dataset.label.replace("{number}", String(index + 1)));
    if (!part.name) continue;
    part.removeAttribute("aria-invalid");
    part.removeAttribute("aria-describedby");
    part.value = part.defaultValue ?? part.value;
  }
  rows.append(row);
  row.querySelector("[name]").focus();
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-adds]");
  if (!button) return;
  event.preventDefault();
  addRow(button);
});

const waiting = new WeakMap();

const propose = (input) => {
  const list = input.list;
  if (!list?.dataset.source) return;
  clearTimeout(waiting.get(list));
  waiting.set(list, setTimeout(() => fill(list, input.value), 200));
};

const fill = async (list, text) => {
  const answer = await fetch(`${list.dataset.source}?${new URLSearchParams({ q: text })}`, {
    headers: { Accept: "application/json" },
  }).catch(() => null);
  // Whose session has ended is led to the page to log in.
  if (!answer?.ok || answer.redirected) return;
  const names = await answer.json();
  list.replaceChildren(
    ...names.map((name) => {
      const option = document.createElement("option");
      option.value = name;
      return option;
    }),
  );
};

document.addEventListener("input", (event) => propose(event.target));

// Where somebody else changed a field too, who goes on typing in it wants their own.
document.addEventListener("input", (event) => {
  const name = event.target.name?.replace(/\/\d+(\/.*)?$/, "");
  const mine = name && document.querySelector(`input[type="radio"][name="take/${CSS.escape(name)}"][value="mine"]`);
  if (mine) mine.checked = true;
});
