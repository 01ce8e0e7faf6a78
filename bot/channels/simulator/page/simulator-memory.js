// What this browser remembers: who the person is, the language of the phones, and what the person has said.
// The gateway remembers only what it sent, so the client's own words are kept here.

const PREFIX = "simulator.";
const KEPT = 300; // sayings for each phone

// A browser may refuse to store anything; then the page remembers until it is closed.
const fallback = new Map();

function read(key) {
  if (fallback.has(key)) return fallback.get(key);
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    fallback.set(key, value);
  }
}

function remove(key) {
  fallback.delete(key);
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was stored.
  }
}

function digits(count) {
  return Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte % 10).join("");
}

// A Japanese mobile number, 090 and eight digits of which the first is not 0.
function randomNumber() {
  const [byte] = crypto.getRandomValues(new Uint8Array(1));
  return `+8190${1 + (byte % 9)}${digits(7)}`;
}

function randomName() {
  const [value] = crypto.getRandomValues(new Uint16Array(1));
  return `person-${value.toString(16).padStart(4, "0")}`;
}

// The peers of the two phones: those in the address (?telegram=…&sms=…), else the remembered ones, else new ones.
export function person(query) {
  const kept = read("person") ?? newPerson();
  return { telegram: query.get("telegram") || kept.telegram, sms: query.get("sms") || kept.sms };
}

export function newPerson() {
  const made = { telegram: randomName(), sms: randomNumber() };
  write("person", made);
  return made;
}

export function language(query, known) {
  const wanted = [query.get("lang"), read("language"), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((code) => known.includes(code)) ?? known[0];
}

export function keepLanguage(code) {
  write("language", code);
}

// What the person said on one phone, oldest first: {id, text, button?, after, state}.
// `after` is the id of the newest message that was on the screen when it was said.
export class Said {
  #key;

  constructor(channel, peer) {
    this.#key = `said.${channel}.${peer}`;
    this.list = read(this.#key) ?? [];
  }

  add(item) {
    this.list.push(item);
    this.save();
  }

  // The same person may be open in two tabs: what the other one has stored is kept, not overwritten.
  save() {
    const mine = new Set(this.list.map((item) => item.id));
    const others = (read(this.#key) ?? []).filter((item) => !mine.has(item.id));
    this.list = [...others, ...this.list].slice(-KEPT);
    write(this.#key, this.list);
  }

  forget() {
    this.list = [];
    remove(this.#key);
  }
}
