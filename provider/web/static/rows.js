"use strict";

// Forms with lists: one more row without asking the server, and names that are proposed as one types.

const addRow = (button) => {
  const rows = document.querySelector(`[data-rows="${button.dataset.adds}"]`);
  const index = rows.children.length;
  const row = document.createElement("div");
  row.className = "row";
  const input = rows.querySelector("input").cloneNode();
  input.name = `${button.dataset.adds}/${index}`;
  input.id = `field-${button.dataset.adds}-${index}`;
  input.setAttribute("value", "");
  input.value = "";
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-describedby");
  input.setAttribute("aria-label", button.dataset.label.replace("{number}", String(index + 1)));
  row.append(input);
  rows.append(row);
  input.focus();
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
  const name = event.target.name?.replace(/\/\d+$/, "");
  const mine = name && document.querySelector(`input[type="radio"][name="take/${CSS.escape(name)}"][value="mine"]`);
  if (mine) mine.checked = true;
});
