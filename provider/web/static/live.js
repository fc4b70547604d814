"use strict";

// Live pages: what changes in the world changes on the page, without a reload.
//
// How a page declares its live parts
//
//   <section id="servers" data-live="revision health:wayshub shares:wayshub"> … </section>
//
// An element with an id, and in `data-live` the events that concern it: `revision`, `edge`, `health`,
// `shares`, as `GET /api/v1/events` has them. A colon and a name narrows an event to one edge (`edge:default`),
// or to one service (`health:wayshub`, `shares:wayshub`); a `revision` is narrowed to those whose changes name an
// object (`revision:wayshub` hears of router wayshub, service wayshub, and the servers of that service).
// When such an event comes, the page is asked for again, at most once a second, and the element of the same id
// in the answer takes the place of the one that is here. So the page needs nothing but the attribute, and
// without JavaScript a reload does the same.
//
// What is promised
//
// - A part in which somebody is typing, or has typed something that was not sent yet, stays as it is until that
//   is over. Put forms beside live parts all the same, rather than into them.
// - What is unchanged is not touched. The focus stays (on elements with an id), and so does an open <details>
//   with an id.
// - `document` gets each event as `live:revision`, `live:edge`, `live:health`, `live:shares` or `live:reset`,
//   with its data as `detail`, for a page that wants to do something else with it.
// - <html data-connection="on"> while there is a connection, "off" while there is none.
// - A page that nobody sees has no connection: browsers allow few to one host.

(() => {
  const STREAM = "/api/v1/events";
  const NAMES = ["revision", "edge", "health", "shares", "reset"];
  const DELAY_MS = 60;
  const LEAST_GAP_MS = 1000;
  const RETRY_MS = 5000;

  const due = new Set(); // ids of the parts that are to be asked for
  const held = new Set(); // ids of those in which somebody types
  const shown = new Map(); // id to the markup that the service gave last
  let newest = document.body.dataset.newestEvent; // id of the newest event that this page knows of
  let source = null;
  let timer = null;
  let retry = null;
  let asking = false;
  let asked = -Infinity;
  let failed = false;
  let over = false;

  const parts = () => [...document.querySelectorAll("[data-live][id]")];

  // Which events concern which parts

  const subjects = {
    revision: (data) => data.objects.map((object) => object.name.split("/")[0]),
    edge: (data) => [data.name],
    health: (data) => [data.service],
    shares: (data) => [data.service],
  };

  const concerns = (part, name, data) =>
    part.dataset.live.split(/\s+/).some((wanted) => {
      const [event, subject] = wanted.split(":");
      if (event !== name) return false;
      return subject === undefined || data.more || subjects[name](data).includes(subject);
    });

  const take = (name, data) => {
    document.dispatchEvent(new CustomEvent(`live:${name}`, { detail: data }));
    for (const part of parts()) {
      if (name === "reset" || concerns(part, name, data)) due.add(part.id);
    }
    plan();
  };

  // Asking for the page again

  const plan = (wait = DELAY_MS) => {
    if (over || failed || asking || timer !== null || due.size === 0 || document.hidden) return;
    const early = asked + LEAST_GAP_MS - performance.now();
    timer = setTimeout(refresh, Math.max(wait, early));
  };

  const isControl = (element) => element?.matches("input:not([type=hidden]), textarea, select, [contenteditable]");
  const isTyped = (field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      const options = [...field.options];
      const standing = options.some((option) => option.defaultSelected);
      return options.some((option, index) => option.selected !== (standing ? option.defaultSelected : index === 0));
    }
    return field.value !== field.defaultValue;
  };
  const isEdited = (part) =>
    (part.contains(document.activeElement) && isControl(document.activeElement)) ||
    [...part.querySelectorAll("input, textarea, select")].some(isTyped);

  const refresh = async () => {
    timer = null;
    asking = true;
    const wanted = [...due];
    due.clear(); // what comes from here on may be newer than the answer
    try {
      const answer = await fetch(location.href, { headers: { "X-Live-Update": "1" }, cache: "no-store" });
      if (answer.redirected) {
        stop(); // to the login: the session is over
        return;
      }
      if (!answer.ok) return; // what the page is about may be gone; another event asks anew
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of wanted) replace(id, page);
    } catch {
      // The service does not answer: when it does again, the connection is opened, and all that is due asked for.
      for (const id of wanted) due.add(id);
      failed = true;
    } finally {
      asking = false;
      asked = performance.now();
      plan();
    }
  };

  const replace = (id, page) => {
    const part = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (part === null || fresh === null) return;
    if (isEdited(part)) {
      held.add(id);
      return;
    }
    const markup = fresh.outerHTML;
    if (shown.get(id) === markup) return;
    shown.set(id, markup);
    for (const details of part.querySelectorAll("details[id]")) {
      const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
      if (same) same.open = details.open;
    }
    htmx.swap(part, fresh.outerHTML, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
  };

  // What was being typed may have been sent, or given up.
  const letGo = () => {
    for (const id of held) due.add(id);
    held.clear();
    plan(200);
  };
  document.addEventListener("focusout", letGo);
  document.addEventListener("reset", letGo);

  // The connection

  const tell = (state) => {
    document.documentElement.dataset.connection = state;
  };

  const connect = () => {
    clearTimeout(retry);
    if (over || source !== null || document.hidden || parts().length === 0) return;
    source = new EventSource(`${STREAM}?after=${encodeURIComponent(newest)}`);
    source.addEventListener("open", () => {
      tell("on");
      failed = false;
      plan();
    });
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        newest = event.lastEventId;
        take(name, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      tell("off");
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      disconnect();
      everything(); // where the session is over, this finds out
      retry = setTimeout(connect, RETRY_MS);
    });
  };

  const disconnect = () => {
    source?.close();
    source = null;
    clearTimeout(retry);
    tell("off");
  };

  const everything = () => {
    for (const part of parts()) due.add(part.id);
    plan();
  };

  const stop = () => {
    over = true;
    disconnect();
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) connect();
  });
  document.addEventListener("htmx:load", connect); // a part may bring the first live part of a page
  connect();
})();
