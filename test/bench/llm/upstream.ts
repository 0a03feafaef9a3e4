// A scripted upstream of OpenAI's format that costs little CPU time: its answers are bytes that are made once. It answers whole,
// as a stream at once, or, when the body says "paced", as a stream with a chunk every `pacedMs`. A process of its own.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { completion, done, finish, role, text, usage } from "../../support/llm/openai-bytes.ts";

const chunks = 200;
const pacedMs = 10;

const whole = Buffer.from(JSON.stringify(completion("word ".repeat(100), { prompt: 100, output: 100 })));
const content = Buffer.from(text("word "));
const first = Buffer.from(role + text("word "));
const last = Buffer.from(finish() + usage(100, chunks) + done);
const lastWithoutUsage = Buffer.from(finish() + done);
const models = Buffer.from(JSON.stringify({ object: "list", data: [] }));
const streamHead = { "content-type": "text/event-stream", "cache-control": "no-cache" };

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts).toString("latin1");
    if (request.method !== "POST") sendWhole(response, models);
    else if (!body.includes('"stream":true')) sendWhole(response, whole);
    else if (body.includes('"paced"')) sendPaced(response, endOf(body));
    else sendAtOnce(response, endOf(body));
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
process.channel?.ref();

function endOf(body: string): Buffer {
  return body.includes('"include_usage":true') ? last : lastWithoutUsage;
}

function sendWhole(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
  response.end(bytes);
}

function sendAtOnce(response: ServerResponse, end: Buffer): void {
  response.writeHead(200, streamHead);
  response.write(first);
  for (let n = 1; n < chunks; n += 1) response.write(content);
  response.end(end);
}

function sendPaced(response: ServerResponse, end: Buffer): void {
  response.writeHead(200, streamHead);
  response.write(first);
  let sent = 1;
  const timer = setInterval(() => {
    sent += 1;
    response.write(content);
    if (sent < chunks) return;
    clearInterval(timer);
    response.end(end);
  }, pacedMs);
  response.on("close", () => clearInterval(timer));
}
