// A call between users at two gateways of a cluster. A real Temporal, worked by a host of its own, runs the call; media goes over a
// real LiveKit.
import { eventually } from "../suites/eventually.ts";
import { startTestCluster, type TestCluster } from "../support/cluster-people.ts";
import { needs } from "../support/needs.ts";
import { Person } from "../support/person.ts";
import { startLiveKit, startTemporal, type TestServer } from "../support/stack.ts";
import type { TestDevice, TestFrame } from "../support/test-device.ts";

// This file starts its own Temporal, because a test stops it, and all hosts of the default namespace share one queue.
const test = needs("cassandra", "nats", "redis", "temporal", "livekit");
const patienceMs = 60_000;
let cluster: TestCluster;
let temporal: Awaited<ReturnType<typeof startTemporal>>;
let livekit: TestServer & { apiKey: string; apiSecret: string };
const east = () => cluster.host("east");
const west = () => cluster.host("west");

test.before(async () => {
  [temporal, livekit] = await Promise.all([startTemporal(() => {}), startLiveKit()]);
  cluster = await startTestCluster({
    hosts: { one: ["actors"], east: ["gateway"], west: ["gateway"], flow: ["workflows"] },
    env: {
      TEMPORAL_ADDRESS: temporal.address,
      LIVEKIT_URL: livekit.url,
      LIVEKIT_API_KEY: livekit.apiKey,
      LIVEKIT_API_SECRET: livekit.apiSecret,
    },
  });
  await eventually(async () => (await partsOf("flow")).workflows?.ok === true, patienceMs);
});
test.after.always(async () => {
  await cluster?.close();
  await Promise.all([temporal?.close(), livekit?.close()]);
});

type Row = Record<string, unknown>;
const partsOf = async (name: string) => {
  const answer = await fetch(`http://127.0.0.1:${cluster.host(name).port}/ready`);
  return ((await answer.json()) as { parts: Record<string, { ok: boolean; detail: string }> }).parts;
};
const isOf =
  (type: string, fields: Row) =>
  ({ data }: TestFrame) =>
    data.type === type && Object.entries(fields).every(([name, value]) => data[name] === value);
const tells = (device: TestDevice, type: string, fields: Row) => device.sees("NOTIFICATION", isOf(type, fields));

async function friends() {
  const [alice, bob] = await Promise.all([Person.registers(east(), "alice"), Person.registers(west(), "bob")]);
  await alice.befriends(bob);
  const phone = await bob.logsIn("iOS", "phone");
  const pad = await bob.logsIn("Pad", "pad");
  const devices = {
    desk: await alice.connects(),
    bobsDesk: await bob.connects(),
    bobsPhone: await bob.at(east()).opens(phone),
    bobsPad: await bob.at(west()).opens(pad),
  };
  return { alice, bob, phone, ...devices };
}

test.serial(
  "a call rings on every device of the callee until one answers, and both users keep it in their history",
  async (t) => {
    const { alice, bob, phone, desk, bobsDesk, bobsPhone, bobsPad } = await friends();
    const invited = await alice.posts("/calls/invite", { userId: bob.userId, callType: "video" });
    t.like(invited, { status: 200, data: { status: "calling" } });
    const { callId, roomName } = invited.data;
    const bobs = [bobsDesk, bobsPhone, bobsPad];
    for (const device of bobs) {
      const { data } = await tells(device, "livekit.call_invite", { callId });
      t.like(data, { roomName, callType: "video", callerId: alice.userId });
    }
    const onPhone = bob.at(east());
    onPhone.token = phone.token;
    const answered = await onPhone.calls("PUT", `/calls/${callId}/accept`);
    t.like(answered.data, { status: "connected", roomName, answeredBy: "phone", url: livekit.url });
    t.is(typeof answered.data.token, "string");
    for (const device of [desk, ...bobs]) {
      await tells(device, "livekit.call_status", { callId, status: "connected", answeredBy: "phone" });
    }
    const hungUp = await alice.at(west()).calls("PUT", `/calls/${callId}/hangup`);
    t.is(typeof hungUp.data.duration, "number");
    for (const device of [desk, ...bobs]) {
      await tells(device, "livekit.call_status", { callId, status: "ended", outcome: "completed" });
    }
    for (const device of [desk, ...bobs])
      await device.sees("NEW_MESSAGE", ({ data }) => data.contentType === "call_record");
    for (const [person, gateway] of [
      [alice, west()],
      [bob, east()],
    ] as const) {
      const elsewhere = person.at(gateway);
      const history = await elsewhere.history(alice.chatWith(bob));
      t.like(history, [{ contentType: "call_record", content: { callId, outcome: "completed" } }]);
      const { calls } = (await elsewhere.gets<{ calls: Row[] }>("/calls")).data;
      t.like(calls, [{ callId, outcome: "completed", isMissed: false }]);
    }
  },
);

test.serial("without Temporal only calls are refused, and /ready names the missing part", async (t) => {
  const { alice, bob, bobsDesk } = await friends();
  await temporal.close();
  const refused = await alice.posts("/calls/invite", { userId: bob.userId, callType: "audio" });
  t.is(refused.status, 503);
  t.true([6, 4].includes(refused.code), `${refused.code} ${refused.message}`);
  t.is((await alice.says(bob, "then I write")).seq, 1);
  await bobsDesk.sees("NEW_MESSAGE", ({ data }) => data.content === "then I write");
  t.is((await bob.gets("/calls")).code, 0, "the call list still answers");
  const parts = await partsOf("east");
  t.false(parts.temporal?.ok);
  t.not(parts.temporal?.detail, "");
  t.is((await fetch(`http://127.0.0.1:${east().port}/ready`)).status, 200);
  t.deepEqual(bobsDesk.seen("NOTIFICATION", isOf("livekit.call_invite", {})), []);
});
