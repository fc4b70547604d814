"use strict";

// Live pages: what changes in the world changes on the page, without a reload.
//
// How a page declares its live parts
//
//   <section id="servers" data-live="revision health:wayshub shares:wayshub"> … </section>
//
// An element with an id, and in `data-live` the events that concern it: `revision`, `confirmation`, `edge`,
// `health`, `shares`, `rollout`, `lease`, `issuance`, as `GET /api/v1/events` has them. A colon and a name narrows an event
// to one edge (`edge:default`), one domain (`issuance:alvin.xyz`), or one service (`health:wayshub`, `lease:wayshub`); a `revision` is narrowed to those whose changes name an
// object (`revision:wayshub` hears of router wayshub, service wayshub, and the servers of that service).
// When such an event comes, the page is asked for again, at most once a second, and the element of the same id
// in the answer takes the place of the one that is here. So the page needs nothing but the attribute, and
// without JavaScript a reload does the same.
//
// What is promised
//
// - A part in which somebody is typing, or has typed something that was not sent yet, stays as it is until that
//   is over. Put forms beside live parts all the same, rather than into them.
// - What is unchanged is not touched. The focus stays, and so does an open <details>
//   with an id.
// - `document` gets each event as `live:` and its name, with its data as `detail`, for a page that wants to do something
//   else with it; and `live:over`, once, when the session has ended.
// - <html data-connection="on"> while there is a connection, "off" while there is none.
// - A page that nobody sees has no connection, and of those that are seen one has it and passes on to the others what
//   comes: browsers allow six to one host. Whose turn it is a lock says, or, where a browser has none (by plain HTTP
//   from another machine), a lease in its storage, which each page that has it renews.

(() => {
  const STREAM = "/api/v1/events";
  const NAMES = ["revision", "confirmation", "edge", "health", "shares", "rollout", "lease", "issuance", "reset"];
  const DELAY_MS = 60;
  const LEAST_GAP_MS = 1000;
  const RETRY_MS = 5000;
  const LEASE_MS = 5000;
  const RENEW_MS = 1000;
  const ASK_MS = 500;
  const SETTLE_MS = 150; // until what one page stores is seen by all

  const due = new Set(); // ids of the parts that are to be asked for
  const held = new Set(); // ids of those in which somebody types
  const shown = new Map(); // id to the markup that the service gave last
  let newest = document.body.dataset.newestEvent; // id of the newest event that this page knows of
  let source = null;
  let line = null; // what takes this page out of the line for the connection
  let letGo = null; // what gives the connection to the next page in line
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
    confirmation: (data) => [String(data.number)],
    edge: (data) => [data.name],
    health: (data) => [data.service],
    shares: (data) => [data.service],
    rollout: (data) => [data.service],
    lease: (data) => [data.service],
    issuance: (data) => [data.domain],
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
        document.dispatchEvent(new CustomEvent("live:over"));
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
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    htmx.swap(part, fresh.outerHTML, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
    if (focused && document.activeElement === document.body) twin(focused, document.getElementById(id))?.focus({ preventScroll: true });
  };

  // What stands in a part in the place of an element without an id.
  const mark = (element) => ["href", "name", "value", "aria-label"].map((name) => element.getAttribute(name)).join(" ");
  const twin = (element, part) =>
    [...part.querySelectorAll(element.localName)].find((each) => mark(each) === mark(element));

  // What was being typed may have been sent, or given up.
  const typed = () => {
    for (const id of held) due.add(id);
    held.clear();
    plan(200);
  };
  document.addEventListener("focusout", typed);
  document.addEventListener("reset", typed);

  // What one page hears, the others hear from it

  const SHARED = "provider-live";
  const MOST_RECENT = 200;
  const channel = new BroadcastChannel(SHARED);
  const me = Math.random().toString(36).slice(2);
  const recent = []; // what came after `oldest`, while this page has the connection
  let oldest = newest;

  const say = (message) => channel.postMessage(message);
  const place = (id) => [id.split("-")[0], Number(id.split("-")[1])];
  const isNewer = (id, than) => place(id)[0] !== place(than)[0] || place(id)[1] > place(than)[1];

  const hear = ({ name, id, data }) => {
    newest = id;
    take(name, data);
  };

  const pass = (event) => {
    if (event.name === "reset") {
      recent.length = 0;
      oldest = event.id;
    } else {
      recent.push(event);
      if (recent.length > MOST_RECENT) oldest = recent.shift().id;
    }
    hear(event);
    say({ kind: "event", event });
  };

  // What a page missed that joins; null where that is not known any more.
  const missed = (after) => {
    if (place(after)[0] !== place(newest)[0] || isNewer(oldest, after)) return null;
    return recent.filter((event) => isNewer(event.id, after));
  };

  channel.addEventListener("message", ({ data: message }) => {
    if (over || line === null) return;
    if (source !== null) {
      if (message.kind !== "join" || source.readyState !== EventSource.OPEN) return;
      say({ kind: "joined", page: message.page, newest, events: missed(message.after) });
    } else if (message.kind === "event") {
      if (message.event.name === "reset" || isNewer(message.event.id, newest)) hear(message.event);
    } else if (message.kind === "state") {
      if (message.state === "on") say({ kind: "join", page: me, after: newest });
      else tell("off");
    } else if (message.kind === "joined" && message.page === me) {
      opened();
      if (message.events === null) hear({ name: "reset", id: message.newest, data: {} });
      else for (const event of message.events) if (isNewer(event.id, newest)) hear(event);
    }
  });

  // Whose turn it is where there are no locks: two pages that take the lease at once find out, and one goes back

  const pause = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));

  const lease = () => {
    try {
      return JSON.parse(localStorage.getItem(SHARED)) ?? {};
    } catch {
      return {}; // there is no storage, or somebody else's text in it: each page has a connection of its own
    }
  };
  const renew = () => {
    try {
      localStorage.setItem(SHARED, JSON.stringify({ page: me, until: Date.now() + LEASE_MS }));
      return true;
    } catch {
      return false;
    }
  };
  const isFree = ({ page, until }) => {
    const left = until - Date.now();
    return page === undefined || page === me || !(left > 0 && left <= LEASE_MS);
  };

  const waitForLease = async (signal) => {
    for (;;) {
      if (isFree(lease())) {
        if (!renew()) break;
        await pause(SETTLE_MS);
        if (lease().page === me) break;
      } else {
        await pause(ASK_MS);
      }
      if (signal.aborted) return;
    }
    if (signal.aborted) {
      giveBack();
      return;
    }
    const keeping = setInterval(() => {
      if ([me, undefined].includes(lease().page)) {
        renew();
      } else {
        disconnect(); // another page has taken it, while this one slept
        connect();
      }
    }, RENEW_MS);
    letGo = () => {
      clearInterval(keeping);
      giveBack();
    };
    open();
  };

  const giveBack = () => {
    if (lease().page === me) localStorage.removeItem(SHARED);
  };

  // The connection

  const tell = (state) => {
    document.documentElement.dataset.connection = state;
  };

  const connect = () => {
    clearTimeout(retry);
    if (over || source !== null || line !== null || document.hidden || parts().length === 0) return;
    line = new AbortController();
    if ("locks" in navigator) {
      const held = () => new Promise((release) => { letGo = release; open(); });
      navigator.locks.request(SHARED, { signal: line.signal }, held).catch(() => {}); // when it leaves the line
    } else {
      waitForLease(line.signal);
    }
    say({ kind: "join", page: me, after: newest });
  };

  const open = () => {
    recent.length = 0;
    oldest = newest;
    source = new EventSource(`${STREAM}?after=${encodeURIComponent(newest)}`);
    source.addEventListener("open", () => {
      opened();
      say({ kind: "state", state: "on" });
    });
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        pass({ name, id: event.lastEventId, data: JSON.parse(event.data) });
      });
    }
    source.addEventListener("error", () => {
      tell("off");
      say({ kind: "state", state: "off" });
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      disconnect();
      everything(); // where the session is over, this finds out
      retry = setTimeout(connect, RETRY_MS);
    });
  };

  const opened = () => {
    tell("on");
    failed = false;
    plan();
  };

  const disconnect = () => {
    source?.close();
    source = null;
    line?.abort();
    line = null;
    letGo?.();
    letGo = null;
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
