// The reply: canned texts put into it, the draft kept when the page is left, colleagues told that somebody writes.

const TELL_EVERY = 4000;

export function compose(conversation) {
  const text = document.getElementById("text");
  if (!conversation || !text) return;
  keepDraft(text, `draft-${conversation}`);
  tellWriting(text, conversation);
  canned(text);
  // A form that is on its way is not sent again by a second click.
  addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    else if (event.target.method === "post") event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
}

function keepDraft(text, name) {
  if (!text.value) text.value = sessionStorage.getItem(name) ?? "";
  text.addEventListener("input", () => sessionStorage.setItem(name, text.value));
  text.form.addEventListener("submit", () => sessionStorage.removeItem(name));
}

function tellWriting(text, conversation) {
  let told = 0;
  text.addEventListener("input", () => {
    if (Date.now() - told < TELL_EVERY || !text.value) return;
    told = Date.now();
    const body = new URLSearchParams({ csrf: document.body.dataset.csrf });
    fetch(`/desk/conversations/${conversation}/writing`, { method: "POST", body }).catch(() => {});
  });
}

function canned(text) {
  const place = document.getElementById("canned");
  if (!place) return;
  place.addEventListener("click", (event) => {
    const reply = event.target.closest("[data-canned]");
    if (!reply) return;
    const before = text.value.trimEnd();
    text.value = (before ? `${before}\n\n` : "") + reply.dataset.canned;
    text.dispatchEvent(new Event("input"));
    text.focus();
  });
  place.addEventListener("change", async (event) => {
    const topic = event.target.closest("#topic");
    if (!topic) return;
    const address = `${place.dataset.url}?topic=${encodeURIComponent(topic.value)}`;
    const answer = await fetch(address, { headers: { "X-Part": "1" } });
    if (!answer.ok) return;
    place.innerHTML = await answer.text();
    document.getElementById("topic").focus();
  });
}
