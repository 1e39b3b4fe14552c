/**
 * Development only: serves the page with the fixture's run instead of a server.
 *
 *   node dev/mock-server.mjs [port] [folder of the bundle] [python]
 *
 * Step, play and reset work; Apply begins the run.
 */

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildStory, EXAMPLES, startCells } from "../test/fixtures/story.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../../..");
const [port = "8099", bundle = join(ROOT, "static/dist"), python = join(ROOT, ".venv/bin/python")] = process.argv.slice(2);
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".map": "application/json" };

const words = JSON.parse(execFileSync(python, ["-c", "import json,webui.texts as t;print(json.dumps({'texts':t.catalogue(),'notation':t.NOTATION}))"], { cwd: ROOT, maxBuffer: 1e8 }));

function page() {
  const config = { sandbox: "main", language: "en", ...words, is_local: true, ws_path: "/ws/s/main/", api_path: "/api/", csrf: "" };
  return readFileSync(join(ROOT, "templates/page.html"), "utf8")
    .replace("{% load static %}", "")
    .replace(/\{\{ language[^}]*\}\}/, "en")
    .replace(/\{\{ config\.sandbox \}\}/g, "main")
    .replace(/\{% static '([^']+)' %\}/g, "/static/$1")
    .replace(/\{\{ config\|json_script:"podlife-config" \}\}/, `<script id="podlife-config" type="application/json">${JSON.stringify(config).replaceAll("<", "\\u003c")}</script>`);
}

const story = buildStory();
/** shown: rows that every viewer has; started: Apply was pressed. */
let run = { shown: 0, started: false, mode: "held", speed: 1, pacing: "paced" };
const sockets = new Set();

const isDone = () => !run.started || run.shown >= story.rows.length;
function head() {
  const last = story.rows[run.shown - 1];
  const next = run.started && story.rows[run.shown];
  return { at_ms: last?.at_ms ?? 0, mode: run.mode, speed: run.speed, pacing: run.pacing, settled: isDone(), next: next ? { caption: next.caption } : null, wall: { virtual_ms: last?.at_ms ?? 0, rate: run.mode === "running" ? 0.02 * run.speed : 0 } };
}

function cellsAfter(count) {
  const cells = startCells();
  for (const row of story.rows.slice(0, count)) {
    for (const [name, id, value] of row.set) value === null ? delete cells[name][id] : (cells[name][id] = value);
  }
  return cells;
}

function snapshot() {
  const last = story.rows[run.shown - 1];
  return { type: "snapshot", sandbox: { name: "main", engine: "0.1", profile: "learner", epoch_ms: 1767258000000 }, seq: last?.seq ?? 100, step: last?.step ?? 0, cells: cellsAfter(run.shown), rows: story.rows.slice(0, run.shown), total_steps: last?.step ?? 0, ...head() };
}

function advance(count) {
  const rows = run.started ? story.rows.slice(run.shown, run.shown + count) : [];
  run.shown += rows.length;
  if (isDone() && run.mode !== "held") run.mode = "held";
  broadcast({ type: "frame", from_seq: rows[0]?.seq ?? 0, to_seq: rows.at(-1)?.seq ?? 0, rows, ...head() });
}

let timer = 0;
function play() {
  clearTimeout(timer);
  if (run.mode !== "running") return;
  advance(1);
  timer = setTimeout(play, 420 / run.speed);
}

function onMessage(socket, message) {
  if (message.type === "hello") {
    const known = story.rows.findIndex((row) => row.seq === message.cursor);
    if (message.cursor === null || known < 0) return send(socket, snapshot());
    return send(socket, { type: "frame", from_seq: message.cursor, to_seq: 0, rows: story.rows.slice(known + 1, run.shown), ...head() });
  }
  send(socket, { type: "reply", id: message.id, ok: true });
  if (message.type === "kubectl") run.started = true;
  if (message.type === "kubectl") return advance(run.mode === "running" ? 0 : 1);
  const { action, value } = message;
  if (action === "step") advance(1);
  if (action === "stage") advance(stageLength());
  if (action === "settle") advance(1e9);
  if (action === "hold" || action === "run") run.mode = action === "run" ? "running" : "held";
  if (action === "speed" || action === "pacing") run[action] = value;
  if (action === "reset") run = { ...run, shown: 0, started: false, mode: "held" };
  if (action === "reset") return broadcast(snapshot());
  broadcast({ type: "frame", from_seq: 0, to_seq: 0, rows: [], ...head() });
  play();
}

function stageLength() {
  const stage = story.rows[run.shown]?.stage;
  let count = 0;
  while (story.rows[run.shown + count]?.stage === stage && run.shown + count < story.rows.length) count += 1;
  return Math.max(1, count);
}

function api(path, query) {
  if (path === "/api/examples") return EXAMPLES;
  if (path === "/api/sandboxes") return [{ name: "main", engine: "0.1", profile: "learner" }];
  if (path.endsWith("/check")) return { errors: [] };
  if (path.endsWith("/history")) {
    const rows = story.rows.filter((row) => row.seq < Number(query.get("before"))).slice(0, run.shown);
    return { cells: startCells(), rows };
  }
  if (path.endsWith("/object")) return objectAt(query.get("subject"), Number(query.get("seq")));
  if (path === "/api/schema/completion") return { fields: [{ name: "replicas", type: "integer", description: "Number of desired Pods.", required: false }, { name: "selector", type: "LabelSelector", description: "Which Pods belong to it.", required: true }] };
  return null;
}

function objectAt(subject, seq) {
  const count = story.rows.filter((row) => row.seq <= seq).length;
  const object = cellsAfter(count).objects[subject];
  if (!object) return null;
  const yaml = (one) => `apiVersion: v1\nkind: ${one.kind}\nmetadata:\n  name: ${one.name}\n  namespace: ${one.namespace}\n  resourceVersion: "${one.revision}"\nspec:\n  nodeName: ${one.node ?? '""'}\nstatus:\n  phase: ${one.phase ?? "-"}\n`;
  const why = story.rows.filter((row) => row.seq <= seq && row.subject === subject).slice(-4).reverse().map(({ seq: at, step, caption }) => ({ seq: at, step, text: caption }));
  return { yaml: yaml(object), revision: object.revision, previous_yaml: yaml({ ...object, revision: object.revision - 3, node: null }), changed: [], authors: { 2: "U", 4: "C", 6: "A", 8: "S", 10: "K" }, events: [{ type: "Normal", reason: "Scheduled", message: `Successfully assigned ${object.name}`, from: "default-scheduler", age: "2s", count: 1 }], why, status_rule: { word: "", rules: [{ text: "metadata.deletionTimestamp is set → Terminating", decides: false }, { text: "otherwise → status.phase", decides: true }], conditions: [{ type: "Ready", status: "True", reason: "" }] } };
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://x");
  const reply = (status, type, body) => response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
  if (pathname === "/" || pathname.startsWith("/s/")) return reply(200, "text/html; charset=utf-8", page());
  if (pathname.startsWith("/api/")) {
    const answer = api(pathname, searchParams);
    return reply(answer ? 200 : 404, "application/json", JSON.stringify(answer ?? {}));
  }
  try {
    const file = join(bundle, pathname.replace(/^\/static\/dist\//, ""));
    reply(200, TYPES[extname(file)] ?? "application/octet-stream", readFileSync(file));
  } catch {
    reply(404, "text/plain", "not here");
  }
});

/* A WebSocket in the few lines that text messages need. */
server.on("upgrade", (request, socket) => {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  sockets.add(socket);
  let pending = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = readFrame(pending); frame; frame = readFrame(pending)) {
      pending = pending.subarray(frame.size);
      if (frame.opcode === 8) return socket.end();
      if (frame.opcode === 1) onMessage(socket, JSON.parse(frame.text));
    }
  });
  for (const event of ["close", "error"]) socket.on(event, () => sockets.delete(socket));
});

function readFrame(buffer) {
  if (buffer.length < 6) return null;
  let [length, at] = [buffer[1] & 127, 2];
  if (length === 126) [length, at] = [buffer.readUInt16BE(2), 4];
  else if (length === 127) [length, at] = [Number(buffer.readBigUInt64BE(2)), 10];
  if (buffer.length < at + 4 + length) return null;
  const mask = buffer.subarray(at, at + 4);
  const body = Buffer.from(buffer.subarray(at + 4, at + 4 + length)).map((byte, index) => byte ^ mask[index % 4]);
  return { opcode: buffer[0] & 15, text: body.toString(), size: at + 4 + length };
}

function send(socket, message) {
  const body = Buffer.from(JSON.stringify(message));
  const header = body.length < 126 ? Buffer.from([129, body.length]) : body.length < 65536 ? Buffer.from([129, 126, body.length >> 8, body.length & 255]) : Buffer.concat([Buffer.from([129, 127]), bigLength(body.length)]);
  socket.write(Buffer.concat([header, body]));
}

function bigLength(length) {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(length));
  return buffer;
}

const broadcast = (message) => sockets.forEach((socket) => send(socket, message));

server.listen(Number(port), "127.0.0.1", () => console.log(`the mocked page: http://127.0.0.1:${port}/`));
