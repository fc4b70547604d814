"use strict";

// The shares of a service's servers, while one moves their weights. The server counts them in the same way.

const SMALLEST = 0.001;
const DRAFT = `weights of ${location.pathname}`;

const begin = (table) => {
  const percent = new Intl.NumberFormat(table.dataset.shares, { style: "percent", maximumFractionDigits: 1 });
  const rows = [...table.tBodies[0].rows].map((row) => ({
    // These are in parts that live.js replaces when the world changes.
    get takes() {
      return row.querySelector("[data-takes]").dataset.takes === "true";
    },
    get output() {
      return row.querySelector("output");
    },
    get part() {
      return row.querySelector(".bar .part");
    },
    slider: row.querySelector('input[type="range"]'),
    number: row.querySelector('input[type="number"]'),
    row,
  }));
  if (!rows.every(({ slider, number }) => slider && number)) return;

  // What cannot be a weight counts as it is kept, until it can.
  const weight = ({ number }) => {
    const value = Number(number.value);
    return Number.isInteger(value) && value >= 1 && value <= 1000 ? value : Number(number.dataset.kept);
  };
  const written = (share) => (share > 0 && share < SMALLEST ? `< ${percent.format(SMALLEST)}` : percent.format(share));

  const show = () => {
    const total = rows.reduce((sum, each) => sum + (each.takes ? weight(each) : 0), 0);
    for (const each of rows) {
      const share = each.takes && total ? weight(each) / total : 0;
      each.output.value = written(share);
      each.part.setAttribute("width", (share * 100).toFixed(2));
      each.row.classList.toggle("unsaved", each.number.value !== each.number.dataset.kept);
    }
    for (const told of document.querySelectorAll("[data-unsaved]")) told.hidden = unsaved().length === 0;
  };

  // Sliders are as long as the weights need, and grow with what is typed.
  const stretch = () => {
    const longest = Math.min(1000, Math.max(10, ...rows.map((each) => 2 * weight(each))));
    for (const { slider } of rows) slider.max = String(Math.max(Number(slider.max), longest));
  };

  for (const each of rows) {
    each.slider.hidden = false;
    each.slider.addEventListener("input", () => {
      each.number.value = each.slider.value;
      show();
    });
    each.slider.addEventListener("change", () => {
      stretch();
      for (const other of rows) other.slider.value = String(weight(other));
    });
    each.number.addEventListener("input", () => {
      stretch();
      each.slider.value = String(weight(each));
      show();
    });
  }

  // Weights that are not saved yet outlive a click that drains a server, and leaving the page. Loading it again gives
  // them up, and so does what somebody else made of them meanwhile.
  const unsaved = () => rows.map(({ number }) => number).filter((number) => number.value !== number.dataset.kept);
  const isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";
  const draft = isReload ? null : sessionStorage.getItem(DRAFT);
  for (const [name, [value, before]] of Object.entries(draft ? JSON.parse(draft) : {})) {
    const number = rows.map((each) => each.number).find((each) => each.name === name);
    if (number?.value === before) number.value = value;
  }
  let isSent = false;
  document.addEventListener("submit", ({ target }) => {
    isSent = target.matches("#weights");
  });
  window.addEventListener("pagehide", () => {
    const typed = isSent ? [] : unsaved().map((number) => [number.name, [number.value, number.dataset.kept]]);
    if (typed.length) sessionStorage.setItem(DRAFT, JSON.stringify(Object.fromEntries(typed)));
    else sessionStorage.removeItem(DRAFT);
  });

  document.addEventListener("htmx:load", show); // what is replaced shows the weights that are kept
  for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;
  stretch();
  for (const each of rows) each.slider.value = String(weight(each));
  show();
};

for (const table of document.querySelectorAll("table[data-shares]")) begin(table);
