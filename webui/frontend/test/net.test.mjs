import assert from "node:assert/strict";
import { test } from "node:test";
import { Net, socketUrl } from "../src/net.js";

class FakeSocket {
  static all = [];
  constructor(url) {
    Object.assign(this, { url, readyState: 0, sent: [] });
    FakeSocket.all.push(this);
  }
  open() {
    this.readyState = 1;
    this.onopen();
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
    this.onclose();
  }
  receive(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

function connected(options = {}) {
  FakeSocket.all = [];
  const seen = { messages: [], states: [] };
  const net = new Net({ url: "ws://x", cursor: () => 7, run: () => 3, onMessage: (message) => seen.messages.push(message), onState: (state) => seen.states.push(state), WebSocketClass: FakeSocket, ...options });
  net.connect();
  FakeSocket.all[0].open();
  return { net, seen, socket: FakeSocket.all[0] };
}

test("it says hello with the cursor as soon as it is connected", () => {
  const { net, seen, socket } = connected();
  assert.deepEqual(socket.sent, [{ type: "hello", cursor: 7, run: 3 }]);
  assert.deepEqual(seen.states, ["online"]);
  net.close();
});

test("a gap makes it say hello again instead of passing the message on", () => {
  const { net, seen, socket } = connected({ isGap: (message) => message.after_seq > 7 });
  socket.receive({ type: "gap" });
  socket.receive({ type: "frame", after_seq: 9 });
  assert.equal(socket.sent.length, 3);
  assert.equal(seen.messages.length, 0);
  net.close();
});

test("a reset asks for everything anew", () => {
  const { net, socket } = connected();
  socket.receive({ type: "reset" });
  assert.equal(socket.sent.at(-1).cursor, null);
  net.close();
});

test("a reply reaches the one who asked", async () => {
  const { net, socket } = connected();
  const [first, second] = [net.ask({ type: "control", action: "step" }), net.ask({ type: "control", action: "hold" })];
  socket.receive({ type: "reply", id: 2, ok: false, error: { en: "no", zh: "否" } });
  socket.receive({ type: "reply", id: 1, ok: true });
  assert.equal((await first).ok, true);
  assert.equal((await second).error.en, "no");
  net.close();
});

test("when the line breaks, open questions are answered as offline and it connects again", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { net, seen, socket } = connected();
  const asked = net.ask({ type: "control", action: "step" });
  socket.close();
  assert.equal((await asked).offline, true);
  assert.deepEqual(seen.states, ["online", "offline"]);
  context.mock.timers.tick(400);
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.all[1].open();
  assert.deepEqual(FakeSocket.all[1].sent[0], { type: "hello", cursor: 7, run: 3 });
  net.close();
});

test("what is asked without a line is not sent later by itself", async () => {
  const { net, socket } = connected();
  net.closed = true;
  socket.close();
  assert.deepEqual(await net.ask({ type: "control", action: "step" }), { ok: false, offline: true });
});

test("a page over https speaks wss", () => {
  assert.equal(socketUrl("/ws/s/main/", { protocol: "https:", host: "x.org" }), "wss://x.org/ws/s/main/");
  assert.equal(socketUrl("/ws/s/main/", { protocol: "http:", host: "localhost:8000" }), "ws://localhost:8000/ws/s/main/");
});
