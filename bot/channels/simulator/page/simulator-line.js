// The connection of one phone to the gateway: sends what the person says, in order and once each,
// and fetches what arrives. It goes on trying for as long as the page is open.

const LONG_POLL = 20; // seconds that the gateway may hold a request
const PATIENCE = { get: 30_000, post: 15_000 }; // milliseconds until a silent gateway counts as gone
const IDLE_PAUSE = 1_000; // milliseconds between two looks when nothing is going on
const SHORTEST_POLL = 250; // milliseconds, so that a gateway that does not hold requests is not flooded
const FIRST_RETRY = 500; // milliseconds, doubled with each further failure
const LAST_RETRY = 8_000;
const WORTH_REPEATING = [408, 425, 429]; // the only refusals that may pass if one waits

// A pause that can be cut short.
class Pause {
  #end = () => {};

  take(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  end() {
    this.#end();
  }
}

function retryDelay(failures) {
  return Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (failures - 1)) * (0.8 + 0.4 * Math.random());
}

export class Line {
  #address;
  #unsent = [];
  #accepted = 0; // how many of our messages the gateway has taken
  #state = { idle: false, connected: true, loaded: false };
  #stop = new AbortController();
  #sendPause = new Pause();
  #fetchPause = new Pause();
  #sending = false;
  #hear;

  // `hear` has three functions: messages(list), outcome(item) when item.state has changed, and
  // state({idle, connected, loaded}). `language()` tells the language of the phone at that moment.
  constructor(channel, peer, language, hear) {
    this.#address = `/simulator/${channel}/${encodeURIComponent(peer)}/messages`;
    this.language = language;
    this.newest = 0;
    this.#hear = hear;
  }

  start() {
    this.#fetchForever();
  }

  stop() {
    this.#stop.abort();
    this.#sendPause.end();
    this.#fetchPause.end();
  }

  // item: {id, text} or {id, text, button}; the id stays the same however often it has to be sent.
  send(item) {
    this.#unsent.push(item);
    this.#tell({ idle: false });
    this.#sendAll();
  }

  // Look again at once, for instance because the browser is back from sleep.
  retry() {
    this.#sendPause.end();
    this.#fetchPause.end();
  }

  #tell(change) {
    this.#state = { ...this.#state, ...change };
    if (!this.#stop.signal.aborted) this.#hear.state(this.#state);
  }

  #signal(patience) {
    return AbortSignal.any([this.#stop.signal, AbortSignal.timeout(patience)]);
  }

  async #sendAll() {
    if (this.#sending) return;
    this.#sending = true;
    let failures = 0;
    while (this.#unsent.length && !this.#stop.signal.aborted) {
      const [item] = this.#unsent;
      const state = await this.#post(item);
      if (this.#stop.signal.aborted) return;
      if (state !== "waiting") {
        this.#unsent.shift();
        failures = 0;
        if (state === "sent") this.#accepted += 1;
        this.#fetchPause.end();
      }
      if (state !== item.state) {
        item.state = state;
        this.#hear.outcome(item);
      }
      if (state === "waiting") {
        failures += 1;
        await this.#sendPause.take(retryDelay(failures));
      }
    }
    this.#sending = false;
  }

  async #post({ id, text, button }) {
    const said = button ? { button } : { text };
    try {
      const response = await fetch(this.#address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...said, id, language_code: this.language() }),
        signal: this.#signal(PATIENCE.post),
      });
      if (response.ok) return "sent";
      const final = response.status < 500 && !WORTH_REPEATING.includes(response.status);
      return final ? "refused" : "waiting";
    } catch {
      return "waiting";
    }
  }

  async #fetchForever() {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const accepted = this.#accepted;
      const asked = performance.now();
      let answer;
      try {
        answer = await this.#get();
      } catch {
        if (this.#stop.signal.aborted) return;
        failures += 1;
        this.#tell({ connected: false, loaded: true });
        await this.#fetchPause.take(retryDelay(failures));
        continue;
      }
      if (failures) this.#sendPause.end();
      failures = 0;
      const { messages, idle } = answer;
      if (messages.length) {
        this.newest = messages.at(-1).id;
        this.#hear.messages(messages);
      }
      // An answer that was asked for before our last message got in says nothing about that message.
      const upToDate = accepted === this.#accepted;
      this.#tell({ connected: true, loaded: true, idle: idle && upToDate && !this.#unsent.length });
      if (messages.length || !upToDate) continue;
      if (idle) await this.#fetchPause.take(IDLE_PAUSE);
      else if (performance.now() - asked < SHORTEST_POLL) await this.#fetchPause.take(SHORTEST_POLL);
    }
  }

  async #get() {
    const response = await fetch(`${this.#address}?after=${this.newest}&wait=${LONG_POLL}`, {
      cache: "no-store",
      signal: this.#signal(PATIENCE.get),
    });
    if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
    const answer = await response.json();
    const messages = answer.messages.filter((message) => message.id > this.newest);
    return { messages, idle: answer.idle === true };
  }
}
