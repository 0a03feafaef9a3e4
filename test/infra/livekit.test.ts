// Tokens, webhooks and rooms on a real LiveKit, and a call whose two devices hear each other.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { AccessToken, RoomServiceClient, TokenVerifier, TrackSource } from "livekit-server-sdk";
import type { CallType } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { type LiveKit, openLiveKit } from "../../infra/livekit/media-rooms.ts";
import { startRoomSweep } from "../../infra/livekit/room-sweep.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { openTemporalCalls, type TemporalCalls } from "../../infra/temporal/calls.ts";
import { startWorkflows, type Workflows } from "../../infra/temporal/workflows.ts";
import { eventually } from "../suites/eventually.ts";
import { needs } from "../support/needs.ts";
import { startLiveKit } from "../support/stack.ts";
import { type CallRig, createQuietLog, type Person, patient, startCallRig } from "../workflows/call-rig.ts";
import type { ParticipantNews } from "./livekit-participant.ts";

const test = needs("temporal", "livekit");

let rig: CallRig;
let server: Awaited<ReturnType<typeof startLiveKit>>;
let livekit: LiveKit;
let rooms: RoomServiceClient;
let workflows: Workflows;
let calls: TemporalCalls;
let hook: Server;
/** The webhooks that LiveKit sent: bodies with their signatures. */
const hooked: { body: string; authorization: string | undefined }[] = [];
const children: ChildProcess[] = [];
/** True: webhooks are accepted and dropped. */
let losesWebhooks = false;

test.before(async () => {
  rig = await startCallRig();
  hook = createServer(async (request, response) => {
    const body = await text(request);
    const { authorization } = request.headers;
    hooked.push({ body, authorization });
    if (losesWebhooks) return void response.end(); // for LiveKit the webhook is delivered
    try {
      const event = await livekit.readWebhook(body, authorization);
      if (event) await calls.participant(event);
      response.end();
    } catch {
      response.writeHead(503).end(); // LiveKit sends the webhook again
    }
  }).listen(0, "127.0.0.1");
  await once(hook, "listening");
  server = await startLiveKit({ webhookUrl: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook` });
  livekit = openLiveKit(server);
  rooms = new RoomServiceClient(server.url.replace("ws", "http"), server.apiKey, server.apiSecret);
  workflows = startWorkflows({
    ...rig.temporal,
    deps: { actors: rig.actors, rooms: livekit },
    log: createQuietLog(),
  });
  calls = openTemporalCalls({ ...rig.temporal, times: { ...patient, graceMs: 1_000 }, media: livekit });
  await eventually(() => workflows.status().ok, 120_000);
  await rig.warm(calls);
});

test.after.always(async () => {
  for (const child of children) child.kill("SIGKILL");
  await workflows?.stop();
  await calls?.close();
  await server?.close();
  hook?.close();
  rig?.stop();
});

function tokenFor(person: Person, roomName: string, callType: CallType = "audio", ttlMs = 60_000) {
  const { userId, deviceId } = person;
  return livekit.issueToken({ roomName, userId, name: `name of ${userId}`, deviceId, callType, ttlMs });
}

/** A device that joins with this token. */
function join(token: string, plays: "tone" | "nothing" = "nothing") {
  const path = new URL("./livekit-participant.ts", import.meta.url).pathname;
  const child = fork(path, [server.url, token, plays], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  children.push(child);
  const news: ParticipantNews[] = [];
  child.on("message", (each: ParticipantNews) => void news.push(each));
  return {
    news,
    said: (type: ParticipantNews["type"]) => eventually(() => news.some((each) => each.type === type), 60_000),
    hears: (from: Person) =>
      eventually(
        () => news.some((each) => each.type === "hears" && each.from === from.userId && each.loudness > 500),
        60_000,
      ),
    kill9: () => void child.kill("SIGKILL"),
    stop: () => child.disconnect(),
  };
}

async function ringing() {
  const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
  const call = rig.call(alice, bob);
  const { callId, roomName } = await calls.invite(call);
  return { alice, bob, call, callId, roomName };
}

test.serial("a token admits one user to one room, for the sources of the call type and until it expires", async (t) => {
  const alice = await rig.person("alice");
  const verifier = new TokenVerifier(server.apiKey, server.apiSecret);
  const { token, expiresInMs } = await tokenFor(alice, "call-1", "audio", 90_000);
  t.is(expiresInMs, 90_000);
  const claims = await verifier.verify(token);
  t.like(claims, { sub: alice.userId, name: `name of ${alice.userId}`, attributes: { deviceId: alice.deviceId } });
  t.is((claims.exp ?? 0) - (claims.nbf ?? 0), 90);
  t.like(claims.video, { roomJoin: true, room: "call-1", canPublishSources: ["microphone"] as never });
  t.falsy(claims.video?.roomAdmin || claims.video?.roomCreate || claims.video?.roomList);
  const video = await verifier.verify((await tokenFor(alice, "call-1", "video")).token);
  t.true(String(video.video?.canPublishSources).includes("camera"));
});

test.serial("only webhooks that LiveKit signed are read, and only those about calls", async (t) => {
  const { bob, callId, roomName } = await ringing();
  await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  const body = JSON.stringify({ event: "room_finished", room: { name: roomName } });
  const sign = async (content: string, key = server.apiKey, secret = server.apiSecret) => {
    const token = new AccessToken(key, secret);
    token.sha256 = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content))).toString(
      "base64",
    );
    return token.toJwt();
  };
  t.deepEqual(await livekit.readWebhook(body, await sign(body)), { callId, kind: "room_finished" });
  const other = JSON.stringify({ event: "room_finished", room: { name: "lobby" } });
  t.is(await livekit.readWebhook(other, await sign(other)), undefined);
  const forged = [
    undefined,
    "",
    "not a token",
    await sign(other),
    await sign(body, server.apiKey, "guessed"),
    await sign(body, "another key"),
    (await tokenFor(bob, roomName)).token,
  ];
  for (const authorization of forged) {
    const error = await t.throwsAsync(livekit.readWebhook(body, authorization), { instanceOf: DomainError });
    t.is(error?.error, "auth.token_invalid");
  }
  t.like(await calls.hangup({ callId, userId: bob.userId }), { outcome: "completed" });
});

test.serial("audio goes from one device to the other, and when one dies the call ends for both", async (t) => {
  const { alice, bob, callId, roomName } = await ringing();
  const alices = join((await tokenFor(alice, roomName)).token);
  await alices.said("joined");
  await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  const bobs = join((await tokenFor(bob, roomName)).token, "tone");
  await alices.hears(bob);
  t.pass("alice hears bob's tone");
  const joined = async () =>
    hooked.filter(({ body }) => body.includes("participant_joined") && body.includes(roomName));
  await eventually(async () => (await joined()).length === 2, 30_000);

  const permission = async () => (await rooms.getParticipant(roomName, alice.userId)).permission?.canPublishSources;
  t.deepEqual(await permission(), [TrackSource.MICROPHONE]);
  await calls.changeMode({ callId, userId: bob.userId, callType: "video" });
  t.true((await permission())?.includes(TrackSource.CAMERA));

  bobs.kill9();
  await eventually(() => rig.records(alice, bob).length === 1, 90_000);
  t.like(rig.records(alice, bob)[0], { callId, outcome: "completed", callType: "video" });
  await alices.said("disconnected");
  t.deepEqual(await rooms.listRooms([roomName]), []);
});

test.serial("a call goes on when a device lost its connection and comes back", async (t) => {
  const { alice, bob, callId, roomName } = await ringing();
  await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  const alices = join((await tokenFor(alice, roomName)).token);
  await alices.said("joined");
  const first = join((await tokenFor(bob, roomName)).token);
  await first.said("joined");
  // The same user again: LiveKit closes the connection that the user left behind.
  const second = join((await tokenFor(bob, roomName)).token, "tone");
  await first.said("disconnected");
  await alices.hears(bob);
  t.is((await rig.calls(bob))[0]?.state, "connected");
  await calls.hangup({ callId, userId: bob.userId });
  await Promise.all([alices.said("disconnected"), second.said("disconnected")]);
  t.like((await rig.calls(bob))[0], { callId, outcome: "completed" });
});

test.serial("a token admits to its own room only, and a token with a foreign signature to none", async (t) => {
  const [alice, eve] = await Promise.all([rig.person("alice"), rig.person("eve")]);
  const foreign = openLiveKit({ ...server, apiSecret: "guessed-secret-of-the-local-stack-for-nobody" });
  const { token } = await foreign.issueToken({
    ...{ roomName: "call-1", userId: eve.userId, name: "eve", deviceId: "d", callType: "audio", ttlMs: 60_000 },
  });
  const refused = join(token);
  await refused.said("refused");
  const alices = join((await tokenFor(alice, "call-2")).token);
  await alices.said("joined");
  t.deepEqual(await rooms.listRooms(["call-1"]), []);
  t.is((await rooms.listParticipants("call-2")).length, 1);
  await livekit.closeRoom("call-2");
  await alices.said("disconnected");
  await t.notThrowsAsync(livekit.closeRoom("call-2"), "closing a closed room is no error");
});

test.serial("a user who enters the room of an ended call is put out even when the webhook is lost", async (t) => {
  const { bob, callId, roomName } = await ringing();
  await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  await calls.hangup({ callId, userId: bob.userId });
  losesWebhooks = true;
  const late = join((await tokenFor(bob, roomName)).token);
  await late.said("joined");
  const other = join((await tokenFor(bob, "lobby")).token);
  await other.said("joined");
  const { sweep, stop } = startRoomSweep({
    rooms: livekit,
    isOver: (id) => calls.isOver(id),
    isSweeper: () => true,
    timer: systemClock,
    log: createQuietLog(),
  });
  t.teardown(stop);
  await sweep();
  await late.said("disconnected");
  t.deepEqual(await rooms.listRooms([roomName]), []);
  t.is((await rooms.listRooms(["lobby"])).length, 1, "a room of no call stays open");
  await livekit.closeRoom("lobby");
  losesWebhooks = false;
});

test.serial("without LiveKit no new call rings, and a running call can be hung up", async (t) => {
  const { alice, bob, call, callId } = await ringing();
  await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  await server.kill9();
  const fresh = openLiveKit(server);
  const without = openTemporalCalls({ ...rig.temporal, times: patient, media: fresh });
  const [carol, dave] = await Promise.all([rig.person("carol"), rig.person("dave")]);
  const attempt = rig.call(carol, dave);
  const error = await t.throwsAsync(without.invite(attempt), { instanceOf: DomainError });
  t.is(error?.error, "rtc.unavailable");
  t.deepEqual(rig.received(dave, attempt), []);
  t.like(await calls.hangup({ callId, userId: alice.userId }), { outcome: "completed" });
  await eventually(() => rig.records(alice, bob).length === 1, 30_000);
  t.true(rig.received(bob, call).includes("completed"));
  await server.restart();
  await eventually(async () => {
    const view = await without.invite(attempt).catch((error: DomainError) => error);
    return !(view instanceof Error) && view.state === "ringing";
  }, 30_000);
  await without.close();
});
