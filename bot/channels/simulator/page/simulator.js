// Puts the page together: two phones, their connections, the language, the person and the tabs.

import { Line } from "./simulator-line.js";
import { Said, keepLanguage, language as chooseLanguage, newPerson, person } from "./simulator-memory.js";
import { Phone } from "./simulator-phone.js";
import { LANGUAGES, TEXTS, label } from "./simulator-texts.js";

const CHANNELS = ["telegram", "sms"];
const query = new URLSearchParams(location.search);
const narrow = matchMedia("(max-width: 759px)");
const phones = new Map();
let language = chooseLanguage(query, Object.keys(LANGUAGES));
let shown = "telegram";

const tab = (channel) => document.getElementById(`tab-${channel}`);

function open(channel, peer) {
  const said = new Said(channel, peer);
  let live = false;
  const line = new Line(channel, peer, () => language, {
    messages: (messages) => phone.add(messages, live),
    outcome: (item) => {
      phone.outcome(item);
      said.save();
    },
    state: (state) => {
      phone.state(state);
      live ||= state.loaded && state.connected;
    },
  });
  const say = ({ text, button }) => {
    const item = { id: crypto.randomUUID(), text, ...(button && { button }), after: line.newest, state: "pending" };
    said.add(item);
    phone.addSaid(item);
    line.send(item);
  };
  const arrived = (count) => markUnread(channel, count);
  const phone = new Phone(channel, peer, said, { language: () => language, say, arrived });
  document.querySelector(".phones").append(phone.root);
  line.start();
  said.list.filter(({ state }) => state === "pending" || state === "waiting").forEach((item) => line.send(item));
  phones.set(channel, { phone, line, said });
}

function openBoth({ telegram, sms }) {
  open("telegram", telegram);
  open("sms", sms);
  arrange();
}

// The address says no longer what has been changed on the page.
function keepAddress() {
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
}

function replacePerson() {
  for (const { phone, line, said } of phones.values()) {
    line.stop();
    said.forget();
    phone.root.remove();
  }
  for (const channel of CHANNELS) {
    query.delete(channel);
    markUnread(channel, -Infinity);
  }
  keepAddress();
  openBoth(newPerson());
  document.getElementById("notice").textContent = TEXTS[language].new_person_done;
}

// On a narrow screen one phone at a time, as tabs; on a wide one both, and no tabs.
function arrange() {
  for (const channel of CHANNELS) {
    const { root } = phones.get(channel).phone;
    const current = channel === shown;
    root.setAttribute("role", narrow.matches ? "tabpanel" : "region");
    root.hidden = narrow.matches && !current;
    tab(channel).setAttribute("aria-selected", String(current));
    tab(channel).tabIndex = current ? 0 : -1;
    if (!root.hidden) markUnread(channel, -Infinity);
  }
}

function show(channel) {
  shown = channel;
  arrange();
}

function markUnread(channel, count) {
  const badge = tab(channel).querySelector(".unread");
  const hidden = phones.get(channel)?.phone.root.hidden ?? false;
  const unread = hidden ? Math.max(0, Number(badge.querySelector(".count").textContent) + count) : 0;
  badge.querySelector(".count").textContent = unread || "";
  badge.hidden = unread === 0;
}

function speak(code) {
  language = code;
  document.documentElement.lang = code;
  document.title = `${TEXTS[code].simulator} – ${TEXTS[code].title}`;
  document.getElementById("notice").textContent = "";
  for (const part of document.querySelectorAll(".top, .tabs")) label(part, code);
  for (const { phone } of phones.values()) phone.relabel();
}

for (const [code, name] of Object.entries(LANGUAGES)) {
  const choice = document.createElement("label");
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "language", value: code });
  radio.checked = code === language;
  radio.addEventListener("change", () => {
    keepLanguage(code);
    query.delete("lang");
    keepAddress();
    speak(code);
  });
  const shownName = document.createElement("span");
  shownName.textContent = name;
  shownName.lang = code;
  choice.append(radio, shownName);
  document.querySelector(".languages").append(choice);
}

for (const [index, channel] of CHANNELS.entries()) {
  tab(channel).addEventListener("click", () => show(channel));
  tab(channel).addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = CHANNELS[1 - index];
    show(other);
    tab(other).focus();
  });
}

document.getElementById("new-person").addEventListener("click", replacePerson);
narrow.addEventListener("change", arrange);
const retry = () => phones.forEach(({ line }) => line.retry());
addEventListener("online", retry);
document.addEventListener("visibilitychange", () => document.hidden || retry());

openBoth(person(query));
speak(language);
