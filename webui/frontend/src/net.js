/** Owns the WebSocket: connects, says hello with the cursor, resumes after a break, pairs replies. */

const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 8000;
const REPLY_TIMEOUT_MS = 20000;

export class Net {
  /**
   * @param {object} options
   *   url: where to connect; cursor(): last seq known, or null; run(): which run it is of; onMessage(message); onState("online" | "offline");
   *   isGap(message): rows before this message were lost
   */
  constructor({ url, cursor, run = () => null, onMessage, onState, isGap = () => false, WebSocketClass = globalThis.WebSocket }) {
    Object.assign(this, { url, cursor, run, onMessage, onState, isGap, WebSocketClass });
    this.delayMs = FIRST_DELAY_MS;
    this.waiting = new Map();
    this.lastId = 0;
    this.closed = false;
  }

  connect() {
    if (this.closed) return;
    const socket = new this.WebSocketClass(this.url);
    this.socket = socket;
    socket.onopen = () => this.onOpen();
    socket.onmessage = (event) => this.onText(event.data);
    socket.onclose = () => socket === this.socket && this.onClose();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  /** Connects at once, when the browser says that the network is back or the page is seen again. */
  wake() {
    if (this.closed || this.isOpen) return;
    clearTimeout(this.timer);
    this.delayMs = FIRST_DELAY_MS;
    if (this.socket?.readyState !== 0) this.connect();
  }

  get isOpen() {
    return this.socket?.readyState === 1;
  }

  /** Sends a message; resolves with the server's reply, {ok, error?}. */
  ask(message) {
    if (!this.isOpen) return Promise.resolve({ ok: false, offline: true });
    const id = (this.lastId += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(id, { ok: false, timeout: true }), REPLY_TIMEOUT_MS);
      this.waiting.set(id, { resolve, timer });
      this.socket.send(JSON.stringify({ ...message, id }));
    });
  }

  /** Tells what is known already; `anew` = nothing is worth keeping, the run has begun again. */
  hello({ anew = false } = {}) {
    if (this.isOpen) this.socket.send(JSON.stringify({ type: "hello", cursor: anew ? null : this.cursor(), run: anew ? null : this.run() }));
  }

  onOpen() {
    this.delayMs = FIRST_DELAY_MS;
    this.hello();
    this.onState("online");
  }

  onText(text) {
    const message = JSON.parse(text);
    if (message.type === "reply") this.settle(message.id, message);
    else if (message.type === "gap" || this.isGap(message)) this.hello();
    else if (message.type === "reset") this.hello({ anew: true });
    else this.onMessage(message);
  }

  onClose() {
    for (const id of [...this.waiting.keys()]) this.settle(id, { ok: false, offline: true });
    if (this.closed) return;
    this.onState("offline");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.delayMs);
    this.delayMs = Math.min(LONGEST_DELAY_MS, this.delayMs * 2);
  }

  settle(id, reply) {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.waiting.delete(id);
    waiting.resolve(reply);
  }
}

/** The WebSocket address of a path on this very server. */
export function socketUrl(path, place = location) {
  return `${place.protocol === "https:" ? "wss:" : "ws:"}//${place.host}${path}`;
}
