// Keeps an open page up to date, and lets it be used from the keyboard. Without it every page still works by itself.

import { keys } from "./keys.js";
import { compose } from "./compose.js";

const conversation = document.querySelector("[data-conversation]")?.dataset.conversation;
// After a form that was refused the address is the form's, not the page's.
const here = conversation ? `/desk/conversations/${conversation}${location.search}` : location.href;
const loggedIn = "csrf" in document.body.dataset;

/** Put the new page's parts in the place of the old ones; what somebody is typing into stays as it is. */
function refresh(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    // A part with a value changes only when that does: a form in it may be half filled in.
    if (!next || next.isEqualNode(part) || (part.dataset.live && part.dataset.live === next.dataset.live)) continue;
    const atEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 80;
    const top = part.scrollTop;
    const focused = part.contains(document.activeElement) ? document.activeElement.id || part.id : null;
    part.replaceWith(next);
    if (next.hasAttribute("data-log")) next.scrollTop = atEnd ? next.scrollHeight : top;
    if (focused) document.getElementById(focused)?.focus();
    if (next.dataset.title) document.title = next.dataset.title;
  }
  const seen = document.getElementById("as-seen");
  if (seen) {
    for (const field of document.querySelectorAll('[name="epoch"]')) field.value = seen.dataset.epoch;
    for (const field of document.querySelectorAll('[name="seen"]')) field.value = seen.dataset.seen;
  }
}

let asking = false;
let again = false;

async function ask() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    do {
      again = false;
      const answer = await fetch(here, { headers: { "X-Part": "1" } });
      if (answer.status === 401) location.assign(here);
      else if (answer.ok) refresh(await answer.text());
    } while (again);
  } finally {
    asking = false;
  }
}

function listen() {
  const source = new EventSource(`/desk/events${conversation ? `?conversation=${conversation}` : ""}`);
  const offline = document.getElementById("offline");
  // Also at the first one: something may have happened between the page and the stream.
  source.addEventListener("changed", () => ask().catch(() => {}));
  source.addEventListener("open", () => {
    offline.hidden = true;
    document.documentElement.dataset.live = "on";
  });
  source.addEventListener("error", () => {
    offline.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.assign(here), 5000);
  });
  addEventListener("pagehide", () => source.close());
}

/** Ages grow while one looks at them: the page's own words, asked for anew each minute. */
function keepAges() {
  setInterval(() => {
    if (!document.hidden && document.querySelector("[data-since]")) ask().catch(() => {});
  }, 30_000);
}

const log = document.querySelector("[data-log]");
if (log) log.scrollTop = log.scrollHeight;

if (loggedIn) {
  // What has been uncovered would be covered again by the next refresh.
  if (!document.querySelector("[data-revealed]")) {
    listen();
    keepAges();
  }
  keys();
  compose(conversation);
}
