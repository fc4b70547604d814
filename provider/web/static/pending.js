"use strict";

// How much time is left to confirm a change, second by second. Without JavaScript a page says what was left when it
// was asked for.

(() => {
  const ends = new WeakMap();

  const written = (seconds) => {
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const shown = parts[0] > 0 ? parts : parts.slice(1);
    return shown.map((part, index) => (index > 0 ? String(part).padStart(2, "0") : part)).join(":");
  };

  const tick = () => {
    for (const element of document.querySelectorAll("#pending [data-left]")) {
      const end = ends.get(element) ?? performance.now() + Number(element.dataset.left) * 1000;
      ends.set(element, end);
      element.textContent = written(Math.max(0, Math.ceil((end - performance.now()) / 1000)));
    }
  };

  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:load", tick);
})();
