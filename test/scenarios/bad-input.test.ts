// Input that is malformed, too large or not signed by the server: each gets its typed error or close code on a real node. The
// sender stays connected where the protocol allows that, and other clients are served as before.
import { createHmac, randomBytes } from "node:crypto";
import test from "ava";
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import { statusByKind } from "../../gateway/kit/envelope.ts";
import { people } from "../support/people.ts";
import { callApi, Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";
import { TestDevice } from "../support/test-device.ts";

const codeOf = (error: ErrorName) => Number(errors[error].code);
const refusal = (error: ErrorName) => ({ status: statusByKind[errors[error].kind], code: codeOf(error) });
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const limits = { maxMalformedFrames: 1_000 };
const mebibyte = 1024 * 1024;

test("malformed frames get their error, and the socket stays open", async (t) => {
  await using node = await startTestNode({ limits });
  const [alice, bob] = await people(node, "alice", "bob");
  await alice.befriends(bob);
  const [device, other] = await Promise.all([alice.connects(), bob.connects()]);
  const chat = alice.chatWith(bob);
  const send = (data: object) => JSON.stringify({ type: "SEND_MESSAGE", msgId: "m", data });
  const text = { sessionId: chat, contentType: "text", content: "hello" };
  const refused: [string, string | Buffer, ErrorName][] = [
    ["no JSON", "{", "gateway.malformed"],
    ["nothing", "", "gateway.malformed"],
    ["binary", Buffer.from(send(text)), "gateway.malformed"],
    ["a list", "[]", "gateway.malformed"],
    ["null", "null", "gateway.malformed"],
    ["a word", '"PING"', "gateway.malformed"],
    ["two values", "{}{}", "gateway.malformed"],
    ["without a type", "{}", "gateway.malformed"],
    ["an unknown type", '{"type":"SHOUT","msgId":"m"}', "gateway.malformed"],
    ["a type of Object", '{"type":"constructor","msgId":"m"}', "gateway.malformed"],
    ["a type that is a number", '{"type":5,"msgId":"m"}', "gateway.malformed"],
    ["data that is a list", '{"type":"SEND_MESSAGE","msgId":"m","data":[1]}', "gateway.malformed"],
    ["too deep", `{"type":"PING","data":${nested(20)}}`, "gateway.malformed"],
    ["half of a surrogate pair", send({ ...text, content: "@" }).replace("@", "\\ud800"), "gateway.malformed"],
    ["without a msgId", JSON.stringify({ type: "SEND_MESSAGE", data: text }), "gateway.malformed"],
    [
      "a msgId too long",
      JSON.stringify({ type: "SEND_MESSAGE", msgId: "m".repeat(65), data: text }),
      "gateway.malformed",
    ],
    ["a sessionId that is a number", send({ ...text, sessionId: 5 }), "gateway.malformed"],
    ["a sessionId too long", send({ ...text, sessionId: "s".repeat(65) }), "gateway.malformed"],
    ["without content type", send({ sessionId: chat, content: "hello" }), "gateway.malformed"],
    ["too many mentions", send({ ...text, mentions: Array(201).fill("1") }), "gateway.malformed"],
    ["a negative time", send({ ...text, burnAfterReadMs: -1 }), "gateway.malformed"],
    ["an ack of nothing", '{"type":"MESSAGE_ACK"}', "gateway.malformed"],
    ["a vector of words", '{"type":"SYNC","data":{"vector":{"a":"b"}}}', "gateway.malformed"],
    ["authenticated twice", JSON.stringify({ type: "AUTH", data: { token: alice.token } }), "gateway.malformed"],
    [
      "a number that cannot be kept",
      send(text).replace('"hello"', '{"text":"a","n":9007199254740993}'),
      "common.invalid",
    ],
    ["a number beyond all numbers", send(text).replace('"hello"', '{"text":"a","n":1e400}'), "common.invalid"],
    ["no conversation", send({ contentType: "text", content: "hello" }), "common.invalid"],
    ["a malformed conversation", send({ ...text, sessionId: "s_2_1" }), "session.not_found"],
    ["the prototype as conversation", send({ ...text, sessionId: "__proto__" }), "session.not_found"],
    ["a conversation of others", send({ ...text, sessionId: "s_1_2" }), "session.not_found"],
    ["an unknown content type", send({ ...text, contentType: "hologram" }), "message.type_unknown"],
    ["a content type of Object", send({ ...text, contentType: "constructor" }), "message.type_unknown"],
    ["content of the wrong type", send({ ...text, content: 5 }), "common.invalid"],
    ["empty content", send({ ...text, content: "  " }), "message.empty"],
  ];
  for (const [title, bytes, error] of refused) {
    const before = device.frames.length;
    device.socket.send(bytes, { binary: Buffer.isBuffer(bytes) });
    const answer = await device.sees("ERROR", (frame) => device.frames.indexOf(frame) >= before);
    t.is(answer.code, codeOf(error), title);
  }
  t.is((await device.asks("SEND_MESSAGE", text)).type, "SEND_ACK");
  await other.sees("NEW_MESSAGE");
  t.is((await alice.history(chat)).length, 1, "no refused input was kept");
});

test("malformed requests get their error", async (t) => {
  await using node = await startTestNode();
  const alice = await Person.registers(node, "alice");
  const json = { "content-type": "application/json", authorization: `Bearer ${alice.token}` };
  const put = async (body: NonNullable<RequestInit["body"]>, headers: Record<string, string> = {}) => {
    const init = { method: "PUT", headers: { ...json, ...headers }, body, duplex: "half" };
    const answer = await fetch(`http://127.0.0.1:${node.port}/api/v1/users/me`, init as RequestInit);
    return { status: answer.status, code: ((await answer.json()) as { code: number }).code };
  };
  const large = JSON.stringify({ signature: "x".repeat(mebibyte) });
  const refused: [string, Promise<{ status: number; code: number }>, ErrorName][] = [
    ["no JSON", put("{"), "gateway.malformed"],
    ["two values", put("{}{}"), "gateway.malformed"],
    ["invalid UTF-8", put(Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])), "gateway.malformed"],
    ["half of a surrogate pair", put('{"nickname":"\\udfff"}'), "gateway.malformed"],
    ["too deep", put(nested(1_000)), "gateway.malformed"],
    ["very deep", put(nested(60_000)), "gateway.malformed"],
    ["a list", put("[]"), "common.invalid"],
    ["null", put("null"), "common.invalid"],
    ["a word", put('"a"'), "common.invalid"],
    ["a wrong type", put('{"nickname":5}'), "common.invalid"],
    ["too long", put(JSON.stringify({ nickname: "x".repeat(51) })), "common.invalid"],
    ["a number that cannot be kept", put('{"gender":1.00000000000000000001}'), "common.invalid"],
    ["a flag for a number", put('{"gender":true}'), "common.invalid"],
    ["no date", put('{"birthday":"yesterday"}'), "common.invalid"],
    ["a key that is no text", put("{}", { "idempotency-key": "k".repeat(65) }), "common.invalid"],
    ["too large, as announced", put(large), "common.too_large"],
    ["too large, as it streams", put(streamOf(large)), "common.too_large"],
  ];
  for (const [title, answer, error] of refused) t.deepEqual(await answer, refusal(error), title);
  const wrong = (method: string, path: string) => alice.calls(method, path);
  t.like(await wrong("GET", "/nothing"), refusal("common.not_found"));
  t.is((await wrong("DELETE", "/users/me")).status, 405);
  t.like(await wrong("GET", "/users/%E0%A4%A"), refusal("user.not_found"));
  t.like(await wrong("GET", "/users/-1"), refusal("user.not_found"));
  t.like(await wrong("GET", "/messages/history?sessionId=s_1_x"), refusal("session.not_found"));
  t.like(await wrong("GET", "/messages/history?sessionId=a&sessionId=b"), refusal("common.invalid"));
  for (const limit of ["1e1", "0x10", "%201", "true", "9007199254740993"]) {
    t.like(await wrong("GET", `/sessions?limit=${limit}`), refusal("common.invalid"), limit);
  }
  t.like(await wrong("GET", "/messages/search?keyword="), refusal("common.invalid"));
  t.like(await wrong("GET", "/messages/search?keyword=a&cursor=zzz"), refusal("common.invalid"));
  t.is((await alice.gets("/users/me")).data.nickname, "alice", "no refused input was kept");
});

test("invalid UTF-8 closes that socket alone with 1007, and a frame that is too large with 1009", async (t) => {
  await using node = await startTestNode();
  const [alice, bob] = await people(node, "alice", "bob");
  await alice.befriends(bob);
  const witness = await bob.connects();
  const bad: [string, Buffer, number][] = [
    ["invalid UTF-8", Buffer.from([0x22, 0xc3, 0x28, 0x22]), 1007],
    ["a lone half in UTF-8", Buffer.from([0xed, 0xa0, 0x80]), 1007],
    ["a frame too large", Buffer.alloc(64 * 1024 + 1, 0x20), 1009],
  ];
  for (const [title, bytes, code] of bad) {
    const device = await alice.connects();
    await alice.says(bob, title);
    device.socket.send(bytes, { binary: false });
    t.is(await device.closes(), code, title);
    await witness.sees("NEW_MESSAGE", ({ data }) => data.content === title);
  }
  const device = await alice.connects();
  device.socket.send(Buffer.alloc(mebibyte), { binary: true });
  t.is(await device.closes(), 1009);
  t.is(witness.closeCode, undefined);
});

test("a token that is expired, forged, unsigned or revoked is refused everywhere", async (t) => {
  const secret = randomBytes(32);
  await using node = await startTestNode({ env: { JWT_SECRETS: `k1:${secret.toString("base64")}` } });
  const alice = await Person.registers(node, "alice");
  const [header = "", payload = "", signature = ""] = alice.token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const sign = (head: string, body: string, key: Buffer = secret, algorithm = "sha256") =>
    `${head}.${body}.${createHmac(algorithm, key).update(`${head}.${body}`).digest("base64url")}`;
  const seconds = Math.floor(Date.now() / 1_000);
  const other = await alice.logsIn("Web", "phone");
  const open = await alice.opens(other);
  t.is((await callApi(node.port, "POST", "/auth/logout", { token: other.token })).code, 0);
  t.is(await open.closes(), 4403, "a socket of a login that ended is closed");
  const bad: [string, string, ErrorName][] = [
    ["expired", sign(header, part({ ...claims, exp: seconds - 1 })), "auth.token_expired"],
    ["another user's id", `${header}.${part({ ...claims, sub: "1" })}.${signature}`, "auth.token_invalid"],
    ["another secret", sign(header, payload, randomBytes(32)), "auth.token_invalid"],
    ["alg none", `${part({ alg: "none", typ: "JWT" })}.${payload}.`, "auth.token_invalid"],
    ["alg none under our kid", `${part({ alg: "none", typ: "JWT", kid: "k1" })}.${payload}.`, "auth.token_invalid"],
    ["no signature", `${header}.${payload}.`, "auth.token_invalid"],
    ["an unknown kid", sign(part({ alg: "HS256", typ: "JWT", kid: "k2" }), payload), "auth.token_invalid"],
    ["a path as kid", sign(part({ alg: "HS256", kid: "../../dev/null" }), payload), "auth.token_invalid"],
    [
      "another hash",
      sign(part({ alg: "HS512", typ: "JWT", kid: "k1" }), payload, secret, "sha512"),
      "auth.token_invalid",
    ],
    ["signed, of a login that never was", sign(header, part({ ...claims, lid: "none" })), "auth.token_invalid"],
    [
      "signed, of a user who does not exist",
      sign(header, part({ ...claims, sub: "4503599627370001" })),
      "auth.token_invalid",
    ],
    ["a refresh token", alice.refreshToken, "auth.token_invalid"],
    ["very long", `${header}.${"a".repeat(5_000)}.${signature}`, "auth.token_invalid"],
    ["logged out", other.token, "auth.token_invalid"],
  ];
  for (const [title, token, error] of bad) {
    t.like(await callApi(node.port, "GET", "/users/me", { token }), refusal(error), title);
    for (const way of ["url", "frame", "protocol"] as const) {
      const device = await attempt(node.port, token, way);
      t.is((await device.sees("CONNECT_ERROR")).code, 401, `${title} by ${way}`);
      t.is(await device.closes(), 4401, `${title} by ${way}`);
      t.deepEqual(device.seen("CONNECT_ACK"), []);
    }
  }
  t.is((await alice.gets("/users/me")).status, 200, "the login itself is untouched");
});

async function attempt(port: number, token: string, way: "url" | "frame" | "protocol"): Promise<TestDevice> {
  // Without deviceId and platform: a deviceId or platform that is not the token's would be refused first.
  const url = `ws://127.0.0.1:${port}/ws`;
  if (way === "url") return new TestDevice(`${url}?token=${encodeURIComponent(token)}`);
  if (way === "protocol") return new TestDevice(url, { protocols: ["parley", token] });
  const device = new TestDevice(url);
  await device.opens();
  device.sends({ type: "AUTH", data: { token } });
  return device;
}

function streamOf(text: string): ReadableStream {
  return new Blob([text]).stream();
}
