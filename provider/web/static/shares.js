"use strict";

// The shares of a service's servers, while one moves their weights. The server counts them in the same way. The table,
// or parts of it, may be replaced by live.js at any time: so nothing is kept of its rows.

(() => {
  const SMALLEST = 0.001;
  const DRAFT = `weights of ${location.pathname}`;

  // `part`: how much of its weight a server has; `left`: how much of the requests a rollout leaves to all of them.
  const takesOf = ({ takes, part, left }) => ({ takes: takes === "true", part: Number(part), left: Number(left) });
  const find = () => {
    const table = document.querySelector("table[data-shares]");
    const rows = [...(table?.tBodies[0].rows ?? [])].map((row) => ({
      ...takesOf(row.querySelector("[data-takes]").dataset),
      output: row.querySelector("output"),
      bar: row.querySelector(".bar .part"),
      slider: row.querySelector('input[type="range"]'),
      number: row.querySelector('input[type="number"]'),
      row,
    }));
    return rows.every(({ slider, number }) => slider && number) ? rows : [];
  };

  // What cannot be a weight counts as it is kept, until it can.
  const weight = ({ number }) => {
    const value = Number(number.value);
    return Number.isInteger(value) && value >= 1 && value <= 1000 ? value : Number(number.dataset.kept);
  };
  const isUnsaved = ({ number }) => number.value !== number.dataset.kept;

  const show = (moved) => {
    const rows = find();
    const percent = new Intl.NumberFormat(document.querySelector("table[data-shares]")?.dataset.shares, {
      style: "percent",
      maximumFractionDigits: 1,
    });
    const written = (share) => (share > 0 && share < SMALLEST ? `< ${percent.format(SMALLEST)}` : percent.format(share));
    const total = rows.reduce((sum, each) => sum + (each.takes ? weight(each) * each.part : 0), 0);
    // Sliders are as long as the weights need, and grow with what is typed.
    const longest = Math.min(1000, Math.max(10, ...rows.map((each) => 2 * weight(each))));
    for (const each of rows) {
      const share = each.takes && total ? ((weight(each) * each.part) / total) * each.left : 0;
      each.output.value = written(share);
      each.bar.setAttribute("width", (share * 100).toFixed(2));
      each.row.classList.toggle("unsaved", isUnsaved(each));
      each.slider.hidden = false;
      if (moved === undefined) each.slider.max = String(Math.max(Number(each.slider.max), longest));
      if (each.slider !== moved) each.slider.value = String(weight(each));
      if (!isUnsaved(each)) each.slider.defaultValue = each.slider.value; // nothing that one typed
    }
    for (const told of document.querySelectorAll("[data-unsaved]")) told.hidden = !rows.some(isUnsaved);
    for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = rows.length > 0;
  };

  document.addEventListener("input", ({ target }) => {
    const each = find().find(({ slider, number }) => [slider, number].includes(target));
    if (each === undefined) return;
    if (target === each.slider) each.number.value = target.value;
    show(target === each.slider ? target : undefined);
  });
  document.addEventListener("change", () => show());

  // Weights that are not saved yet outlive a click that drains a server, and leaving the page. Loading it again gives
  // them up, and so does what somebody else made of them meanwhile.
  const isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";
  const draft = isReload ? null : sessionStorage.getItem(DRAFT);
  for (const [name, [value, before]] of Object.entries(draft ? JSON.parse(draft) : {})) {
    const number = find().map((each) => each.number).find((each) => each.name === name);
    if (number?.value === before) number.value = value;
  }
  let isSent = false;
  document.addEventListener("submit", ({ target }) => {
    isSent = target.matches("#weights");
  });
  window.addEventListener("pagehide", () => {
    const typed = isSent ? [] : find().filter(isUnsaved).map(({ number }) => [number.name, [number.value, number.dataset.kept]]);
    if (typed.length) sessionStorage.setItem(DRAFT, JSON.stringify(Object.fromEntries(typed)));
    else sessionStorage.removeItem(DRAFT);
  });

  document.addEventListener("htmx:load", () => show()); // what is replaced shows the weights that are kept
  show();
})();
