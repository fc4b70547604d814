"use strict";

// What ends at a time gets a clock beside it that counts down: <time data-ends="DATE"></time>, also in live parts that
// come later. Without JavaScript the date stands there.

(() => {
  const two = (number) => String(number).padStart(2, "0");

  const left = (milliseconds) => {
    const seconds = Math.max(Math.ceil(milliseconds / 1000), 0);
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  };

  const show = () => {
    for (const clock of document.querySelectorAll("[data-ends]")) {
      clock.textContent = left(new Date(clock.dataset.ends) - Date.now());
    }
  };

  show();
  setInterval(show, 1000);
})();
