// Bad input, bad tokens and slow clients: each gets its typed error or close code, and others do not feel it.
import net from "node:net";
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { staysTrue, until } from "../suites/eventually.ts";
import { startWorld } from "../support/ws-world.ts";

const pair = "s_1_2";
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test.serial("a forged, expired or foreign token gets CONNECT_ERROR, then 4401", async (t) => {
  await using edge = await startWorld({ authTimeoutMs: 150 });
  const good = edge.tokenOf("1", "d1");
  edge.world.session("3").revoked.add("login-d3");
  const revoked = edge.tokenOf("3", "d3");
  for (const token of ["nonsense", `${good.slice(0, -3)}xyz`, good.replace(".", ""), revoked, "x".repeat(5_000)]) {
    const client = edge.open({ query: { token } });
    t.like(await client.sees("CONNECT_ERROR"), { code: 401, codeStr: "010104" });
    t.is(await client.closes(), 4401);
  }
  const early = edge.open();
  await early.opens();
  early.sends({ type: "PING" });
  t.is(await early.closes(), 4401, "no frame but AUTH before the token");
  t.is(await edge.open().closes(), 4401, "no token in time");
});

test.serial("a handshake that cannot be answered in time gets 503, then 1013", async (t) => {
  await using edge = await startWorld({ callDeadlineMs: 300 });
  edge.world.before.set("session.connect", () => {
    throw new RuntimeError("unreachable", "no host");
  });
  const client = edge.open({ query: { token: edge.tokenOf("1", "d1") } });
  t.like(await client.sees("CONNECT_ERROR"), { code: 503 });
  t.is(await client.closes(), 1013);
});

test.serial("malformed frames get 90103 with their msgId, until there are too many", async (t) => {
  await using edge = await startWorld({ maxMalformedFrames: 9 });
  const client = await edge.device("1");
  const deep = `{"type":"PING","data":${"[".repeat(40)}${"]".repeat(40)}}`;
  const bad = [
    "{",
    "[]",
    '"text"',
    deep,
    { type: "NO_SUCH_FRAME", msgId: "a" },
    { type: "SEND_MESSAGE", msgId: "b", data: { sessionId: 7 } },
    { type: "SEND_MESSAGE", data: { sessionId: pair, contentType: "text", content: "no msgId" } },
    { type: "MESSAGE_ACK", msgId: "c", data: { sessionId: pair, seq: -1 } },
    Buffer.from("binary"),
  ];
  for (const frame of bad) client.sends(frame);
  await until(() => client.seen("ERROR").length === bad.length);
  t.deepEqual([...new Set(client.seen("ERROR").map(({ code }) => code))], [90103]);
  t.deepEqual(
    client.seen("ERROR").flatMap(({ msgId }) => msgId ?? []),
    ["a", "b", "c"],
  );
  client.sends({ type: "PING" });
  await client.sees("PONG");
  client.sends("{");
  t.is(await client.closes(), 4400);
});

test.serial("invalid UTF-8 and frames over the limit close the socket", async (t) => {
  await using edge = await startWorld();
  const oversize = await edge.device("1");
  oversize.sends(JSON.stringify({ type: "PING", data: { text: "x".repeat(70_000) } }));
  t.is(await oversize.closes(), 1009);
  const bomb = await edge.device("3", "d3", { deflate: true });
  bomb.sends(JSON.stringify({ type: "PING", data: { text: "x".repeat(10_000_000) } }));
  t.is(await bomb.closes(), 1009);
  const garbled = await edge.device("2");
  const payload = Buffer.from('{"type":"PING\xff"}', "latin1");
  garbled.socket.send(payload, { binary: false });
  t.is(await garbled.closes(), 1007);
});

test.serial("a burst of 10 000 sends loses nothing: each is acknowledged or refused, in order", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [alice, bob] = await Promise.all([edge.device("1"), edge.device("2")]);
  for (let i = 0; i < 10_000; i += 1) {
    alice.sends({ type: "SEND_MESSAGE", msgId: `m${i}`, data: { sessionId: pair, contentType: "text", content: i } });
  }
  await until(() => alice.seen("SEND_ACK").length + alice.seen("ERROR").length === 10_000);
  t.deepEqual(
    [...new Set(alice.seen("ERROR").map(({ code }) => code))].filter((code) => code !== 9),
    [],
  );
  const acked = alice.seen("SEND_ACK").map(({ data }) => data.seq);
  t.deepEqual(acked, upTo(acked.length));
  const sent = chat.happenings.map(({ message }) => message?.content as number);
  t.deepEqual(
    sent,
    sent.toSorted((a, b) => a - b),
  );
  const seenByBob = await until(() =>
    bob.closeCode === undefined ? bob.versions(pair).length === acked.length : true,
  );
  t.true(seenByBob);
});

test.serial("a client that never reads is closed alone, and others get every message", async (t) => {
  await using edge = await startWorld({ maxOutboundBytes: 200_000 });
  const group = edge.world.conversation("g_9", ["1", "2", "3"], "conversation");
  const good = await edge.device("2");
  const token = edge.tokenOf("3", "d3");
  const slow = net.connect(edge.port, "127.0.0.1");
  slow.on("error", () => slow.destroy());
  slow.write(
    `GET /ws?token=${token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`,
  );
  await until(() => edge.world.isConnected("3"));
  slow.pause();
  await until(() => edge.world.calls.filter(({ name }) => name === "conversation.attach").length > 1);
  const big = "x".repeat(20_000);
  let sent = 0;
  while (edge.world.isConnected("3") && sent < 2_000) {
    group.says("1", big);
    sent += 1;
    good.sends({ type: "MESSAGE_ACK", data: { sessionId: "g_9", seq: sent } });
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.false(edge.world.isConnected("3"), "closed as slow");
  await until(() => good.seen("NEW_MESSAGE").length === sent);
  t.is(good.closeCode, undefined);
  slow.destroy();
});

test.serial("a client that never acknowledges is closed at the limit; one that does is not", async (t) => {
  await using edge = await startWorld({ maxUnacked: 50, resendAfterMs: [100] });
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const silent = await edge.device("2", "silent");
  const good = await edge.device("2", "good");
  const own = await edge.device("1");
  for (let i = 1; i <= 60; i += 1) {
    chat.says("1", i, { deviceId: "d1" });
    await good.sees(({ data }) => data?.content === i);
    good.sends({ type: "MESSAGE_ACK", data: { sessionId: pair, seq: i } });
  }
  t.is(await silent.closes(), 4008);
  t.is(good.closeCode, undefined);
  t.is(own.closeCode, undefined, "a device does not acknowledge its own messages");
});

test.serial("silence ends a socket; one that answers pings lives on", async () => {
  await using edge = await startWorld({ silenceMs: 400 });
  const silent = await edge.device("1");
  silent.socket.pause();
  await until(() => !edge.world.isConnected("1"));
  const lively = await edge.device("2");
  await staysTrue(() => lively.closeCode === undefined, 900);
});

test.serial("a login that is ended elsewhere gets FORCE_LOGOUT, and its socket is closed at once", async (t) => {
  await using edge = await startWorld();
  const kicked = await edge.device("1", "phone");
  const other = await edge.device("1", "web");
  edge.world.revoke("1", "login-phone", "multi_login");
  t.like((await kicked.sees("FORCE_LOGOUT")).data, { reason: "multi_login" });
  t.is(await kicked.closes(), 4403);
  const gone = await edge.device("2");
  edge.world.revoke("2", "login-d2", "logout");
  t.is(await gone.closes(), 4403);
  t.deepEqual(gone.seen("FORCE_LOGOUT"), []);
  t.is(other.closeCode, undefined);
});

test.serial("a device that connects again replaces its own socket; one elsewhere is waited for", async (t) => {
  await using edge = await startWorld({ callDeadlineMs: 4_000 });
  const first = await edge.device("1");
  const second = await edge.device("1");
  t.is(await first.closes(), 4010);
  t.is(second.closeCode, undefined);
  const place = { placeId: 0, connectionId: "far", gateway: "other", boot: "elsewhere" };
  const elsewhere = { ...place, loginId: "login-d2", deviceId: "d2" };
  edge.world.session("2").places.push(elsewhere);
  const waiting = edge.open({ query: { token: edge.tokenOf("2", "d2") } });
  await waiting.opens();
  setTimeout(() => {
    edge.world.session("2").places = edge.world.session("2").places.filter((each) => each !== elsewhere);
  }, 150);
  await waiting.connected();
  edge.world.session("3").places.push({ ...elsewhere, loginId: "login-d3", deviceId: "d3" });
  const inVain = edge.open({ query: { token: edge.tokenOf("3", "d3") } });
  t.is(await inVain.closes(), 1013, "not served as long as the other may be");
});

test.serial("a host and a user have only so many sockets", async (t) => {
  await using edge = await startWorld({ maxConnections: 3, maxConnectionsPerUser: 2 });
  await edge.device("1", "a");
  await edge.device("1", "b");
  t.is(await edge.open({ query: { token: edge.tokenOf("1", "c") } }).closes(), 4429);
  await edge.device("2");
  t.is(await edge.open({ query: { token: edge.tokenOf("3", "d3") } }).closes(), 4429);
});

test.serial("an access token's end ends the socket unless it was renewed", async (t) => {
  await using edge = await startWorld();
  edge.auth.accessTokenMs = 2_000;
  const [forgetful, renewed] = await Promise.all([edge.device("1"), edge.device("2")]);
  edge.auth.accessTokenMs = 3_600_000;
  t.is((await renewed.asks("AUTH_REFRESH", { token: edge.tokenOf("2", "d2") })).type, "OK");
  t.is((await renewed.asks("AUTH_REFRESH", { token: edge.tokenOf("1", "d1") })).code, 10104);
  t.is(await forgetful.closes(), 4401);
  t.is(renewed.closeCode, undefined);
});

test.serial("pings and pongs do not keep a socket without a token", async (t) => {
  await using edge = await startWorld({ authTimeoutMs: 200 });
  const [pinging, ponging] = await Promise.all([edge.open().opens(), edge.open().opens()]);
  const timer = setInterval(() => {
    if (pinging.closeCode === undefined) pinging.socket.ping();
    if (ponging.closeCode === undefined) ponging.socket.pong();
  }, 20);
  t.teardown(() => clearInterval(timer));
  t.deepEqual([await pinging.closes(), await ponging.closes()], [4401, 4401]);
});

test.serial("a device or a platform that is not the token's is refused with a clear message", async (t) => {
  await using edge = await startWorld();
  const token = edge.tokenOf("1", "d1");
  const wrong: Record<string, string>[] = [{ deviceId: "other" }, { platform: "iOS" }, { platform: "nonsense" }];
  for (const claim of wrong) {
    const client = edge.open({ query: { token, ...claim } });
    t.like(await client.sees("CONNECT_ERROR"), { code: 400, codeStr: "010118" });
    t.is(await client.closes(), 4400);
    const later = await edge.open().opens();
    later.sends({ type: "AUTH", data: { token, ...claim } });
    t.like(await later.sees("CONNECT_ERROR"), { code: 400, codeStr: "010118" });
  }
  const mixed = await edge.open({ query: { deviceId: "other" } }).opens();
  mixed.sends({ type: "AUTH", data: { token } });
  t.is(await mixed.closes(), 4400, "the URL counts for a token in a frame, too");
  await edge.open({ query: { token, deviceId: "d1", platform: "web" } }).connected();
});

test.serial("for a send beyond the sends in flight no named message is looked for", async (t) => {
  await using edge = await startWorld({ maxSendsInFlight: 1 });
  edge.world.conversation(pair, ["1", "2"]);
  const client = await edge.device("1");
  let answerFirst = () => {};
  const isAnswered = new Promise<void>((resolve) => {
    answerFirst = resolve;
  });
  edge.world.before.set("conversation.send", () => isAnswered);
  let lookups = 0;
  edge.world.before.set("reading.findMessages", () => {
    lookups += 1;
    throw new RuntimeError("unreachable", "no host");
  });
  const message = { sessionId: pair, contentType: "text", content: "hello" };
  client.sends({ type: "SEND_MESSAGE", msgId: "first", data: message });
  t.like(await client.asks("SEND_MESSAGE", { ...message, replyTo: "7" }), { type: "ERROR", code: 9 });
  t.is(lookups, 0);
  answerFirst();
  await client.sees("SEND_ACK", ({ msgId }) => msgId === "first");
});
