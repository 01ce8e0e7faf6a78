// One phone on the screen: its messages, its buttons, its field to write in. Whatever others have written
// is put in as text, never as markup.

import { TEXTS, label } from "./simulator-texts.js";

const LONGEST = { telegram: 4096, sms: 1600 }; // characters that one message of the real channel may have
const NEAR = 80; // pixels from the end of the log that still count as reading along
const JAPANESE = /[\u3040-\u30ff\u3400-\u9fff]/;
// A code in an SMS of the brokerage: 4 to 8 digits that are not part of a longer number, a date or a time.
const CODE = /(?<![\d+.,:/-])\d{4,8}(?![\d:/-]|[.,]\d)/g;

function make(tag, className, data = {}) {
  const made = document.createElement(tag);
  made.className = className;
  Object.assign(made.dataset, data);
  return made;
}

// The text as nodes, with the given stretches wrapped; offsets are UTF-16 units, as in JavaScript itself.
function stretches(text, marks) {
  const nodes = [];
  let done = 0;
  for (const { start, end, tag, className } of marks.toSorted((a, b) => a.start - b.start)) {
    if (start < done || end > text.length || end <= start) continue;
    const wrapped = make(tag, className);
    wrapped.textContent = text.slice(start, end);
    nodes.push(text.slice(done, start), wrapped);
    done = end;
  }
  return [...nodes, text.slice(done)];
}

function marksOf({ from, text, entities = [] }) {
  const bold = entities
    .filter((entity) => entity.type === "bold")
    .map(({ offset, length }) => ({ start: offset, end: offset + length, tag: "b", className: "" }));
  if (from !== "backend") return bold;
  const codes = [...text.matchAll(CODE)];
  return codes.map((found) => ({
    start: found.index,
    end: found.index + found[0].length,
    tag: "span",
    className: "code",
  }));
}

export class Phone {
  #said;
  #pressed;
  #language;

  // `say({text, button?})` is called with what the person writes or presses; `arrived(count)` after messages
  // have been added that were not there when the page was opened.
  constructor(channel, peer, said, { language, say, arrived }) {
    this.channel = channel;
    this.#language = language;
    this.#said = said;
    this.say = say;
    this.arrived = arrived;
    this.#pressed = new Set(said.list.map((item) => item.button));
    this.root = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.root.id = channel;
    this.root.dataset.phone = channel;
    this.log = this.#part("log");
    this.field = this.root.querySelector("textarea");
    this.field.maxLength = LONGEST[channel];
    this.field.dataset.hint = this.field.dataset.label = `write_${channel}`;
    this.#part("peer").textContent = peer.replace(/^(\+81)([789]0)(\d{4})(\d{4})$/, "$1 $2-$3-$4");
    this.#part("kind").dataset.text = channel;
    this.root.dataset.label = `${channel}_phone`;
    this.#listen();
    for (const item of said.list) this.addSaid(item);
    this.relabel();
  }

  #part(className) {
    return this.root.querySelector(`.${className}`);
  }

  #listen() {
    this.#part("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.field.value.trim();
      if (!text) return;
      this.field.value = "";
      this.#fitField();
      this.say({ text });
    });
    this.field.addEventListener("input", () => this.#fitField());
    this.field.addEventListener("keydown", (event) => {
      // Enter that confirms a Japanese conversion is not Enter that sends.
      const converting = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || converting) return;
      event.preventDefault();
      this.#part("composer").requestSubmit();
    });
    this.log.addEventListener("scroll", () => {
      if (this.#nearEnd()) this.#part("newest").hidden = true;
    });
    this.#part("newest").addEventListener("click", () => this.#toEnd());
  }

  // The field grows with what is written, as far as its style lets it.
  #fitField() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + this.field.offsetHeight - this.field.clientHeight}px`;
  }

  relabel() {
    const language = this.#language();
    // The names of the speakers change too, and a screen reader should not read them all out for that.
    this.log.setAttribute("aria-live", "off");
    label(this.root, language);
    requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
    const chips = TEXTS[language].suggestions.map((text) => {
      const chip = make("button", "chip");
      chip.type = "button";
      chip.textContent = text;
      chip.addEventListener("click", (event) => {
        this.#keepFocus(event);
        this.say({ text });
      });
      return chip;
    });
    this.#part("chips").replaceChildren(...chips);
    const connection = this.#part("connection");
    if (connection.textContent) connection.textContent = TEXTS[language].reconnecting;
  }

  // What was pressed is about to vanish; whoever pressed it by keyboard goes on in the field.
  #keepFocus(event) {
    if (event.detail === 0) this.field.focus();
  }

  state({ idle, connected, loaded }) {
    this.root.dataset.idle = idle;
    this.root.dataset.connected = connected;
    const connection = this.#part("connection");
    const line = connected ? "" : TEXTS[this.#language()].reconnecting;
    if (connection.textContent !== line) connection.textContent = line;
    const typing = loaded && connected && !idle && this.channel === "telegram";
    this.root.classList.toggle("is-typing", typing);
    const reading = this.#nearEnd();
    this.#part("dots").hidden = !typing;
    if (typing && reading) this.#toEnd();
    if (loaded) this.log.removeAttribute("aria-busy");
    this.#part("suggestions").hidden = !loaded || this.log.querySelector(".message") !== null;
  }

  addSaid(item) {
    const message = this.#message("client", item.id, item.text);
    if (item.button) {
      message.classList.add("press");
      this.#pressed.add(item.button);
      for (const keyboard of this.log.querySelectorAll(".keyboard")) {
        if (keyboard.querySelector(`[data-token="${CSS.escape(item.button)}"]`)) this.#retire(keyboard);
      }
    }
    message.append(make("p", "outcome"));
    this.#place(message, item.after, 1);
    this.outcome(item);
    this.#part("suggestions").hidden = true;
    this.#toEnd();
  }

  outcome({ id, state }) {
    const message = this.log.querySelector(`[data-from="client"][data-id="${CSS.escape(id)}"]`);
    if (!message || !state) return;
    const reading = this.#nearEnd();
    message.dataset.state = state;
    const outcome = message.querySelector(".outcome");
    outcome.dataset.text = state;
    label(outcome, this.#language());
    if (reading) this.#toEnd();
  }

  // Messages from the gateway, oldest first. `live` is false for those that were there before.
  add(messages, live) {
    const reading = this.#nearEnd();
    let first = null;
    for (const given of messages) {
      if (given.from === "bot") this.log.querySelectorAll(".keyboard").forEach((old) => this.#retire(old));
      const message = this.#message(given.from, given.id, given.text, marksOf(given));
      const buttons = given.buttons ?? [];
      if (buttons.length && !buttons.some(({ token }) => this.#pressed.has(token))) {
        message.append(this.#keyboard(buttons));
      }
      this.#place(message, given.id, 0);
      first ??= message;
    }
    this.#part("suggestions").hidden = true;
    if (!live) this.#toEnd();
    else if (reading) this.#show(first);
    else this.#part("newest").hidden = false;
    if (live) this.arrived(messages.length);
  }

  #message(from, id, text, marks = []) {
    const message = make("div", "message", { from, id });
    const speaker = make("p", "speaker", { text: `from_${from}` });
    const bubble = make("p", "bubble");
    bubble.lang = JAPANESE.test(text) ? "ja" : "en";
    bubble.append(...stretches(text, marks));
    message.append(speaker, bubble);
    label(message, this.#language());
    return message;
  }

  #keyboard(buttons) {
    const keyboard = make("div", "keyboard", { label: "choices" });
    keyboard.setAttribute("role", "group");
    for (const { title, token } of buttons) {
      const button = make("button", "choice", { token });
      button.type = "button";
      button.textContent = title;
      button.lang = JAPANESE.test(title) ? "ja" : "en";
      button.addEventListener("click", (event) => {
        this.#keepFocus(event);
        this.say({ text: title, button: token });
      });
      keyboard.append(button);
    }
    label(keyboard, this.#language());
    return keyboard;
  }

  #retire(keyboard) {
    if (keyboard.contains(document.activeElement)) this.log.focus();
    keyboard.remove();
  }

  // What was said after message N stands behind message N, also when the page is opened anew.
  #place(message, position, rank) {
    const key = [Number(position), rank];
    message.order = key;
    const earlier = [...this.log.querySelectorAll(".message")].findLast(
      ({ order }) => order[0] < key[0] || (order[0] === key[0] && order[1] <= key[1]),
    );
    if (earlier) earlier.after(message);
    else this.log.prepend(message);
  }

  #nearEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
  }

  #toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  // Down to the end, but never past the beginning of what is new.
  #show(message) {
    this.#toEnd();
    const hidden = this.log.getBoundingClientRect().top - message.getBoundingClientRect().top;
    if (hidden > 0) this.log.scrollTop -= hidden + 8;
  }
}
