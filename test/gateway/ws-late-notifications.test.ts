// Notifications that come late, twice or never, and answers that are older than later events: a former member gets nothing,
// a member misses nothing, and subjects without a listener are unsubscribed.
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { until } from "../suites/eventually.ts";
import { type FakeConversation, startWorld, type World } from "../support/ws-world.ts";

const contents = (frames: { data: { content: unknown } }[]) => frames.map(({ data }) => data.content);

function joins(group: FakeConversation, userId: string): void {
  group.version += 1;
  group.members = [...group.members, userId];
  group.changes({ type: "member_joined", userIds: [userId], by: "1", atMs: 0 }, { membership: { joined: [userId] } });
}

/** Only notifications of users' own lists are delivered; all are kept. */
function mute(world: World): FramedNotification[] {
  const kept: FramedNotification[] = [];
  world.onPublish = (notification, deliver) => {
    kept.push(notification);
    if (notification.type === "session.deleted") deliver(notification);
  };
  return kept;
}
const unmute = (world: World): void => {
  world.onPublish = (notification, deliver) => deliver(notification);
};

/** A question that is held back until `goOn`. */
function hold() {
  let goOn = () => {};
  const until = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return { until, goOn: () => goOn() };
}

test("a notification from before the removal opens nothing to a member who was the only one on this gateway", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2"]);
  group.says("1", "before");
  edge.world.session("2").vectors.set("d2", { userVersion: 0, conversations: { g_9: 1 } });
  const bob = await edge.device("2");
  const kept = mute(edge.world);
  group.says("1", "late");
  group.removes("2");
  await bob.sees(({ data }) => data?.type === "session.deleted");
  unmute(edge.world);
  edge.world.deliver(kept[0]!);
  const alice = await edge.device("1", "d1");
  group.says("1", "secret");
  await alice.sees(({ data }) => data?.content === "secret");
  t.deepEqual(contents(bob.seen("NEW_MESSAGE")), []);
});

test("the notification of a joining, delivered again after the removal, admits nobody", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1"]);
  group.says("1", "before");
  const bob = await edge.device("2");
  const kept: FramedNotification[] = [];
  edge.world.onPublish = (notification, deliver) => {
    kept.push(notification);
    deliver(notification);
  };
  joins(group, "2");
  group.says("1", "while bob was in");
  await bob.sees("NEW_MESSAGE");
  group.removes("2");
  await bob.sees(({ data }) => data?.type === "session.deleted");
  const before = bob.frames.length;
  for (const notification of kept.slice(0, 2)) edge.world.deliver(notification);
  const alice = await edge.device("1");
  group.says("1", "after");
  await alice.sees(({ data }) => data?.content === "after");
  t.deepEqual(bob.frames.slice(before), []);
});

test("a pull with a joining and its end admits nobody", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "3"]);
  const [alice, bob] = await Promise.all(["1", "2"].map((id) => edge.device(id)));
  group.says("3", "first");
  await alice!.sees("NEW_MESSAGE");
  mute(edge.world);
  joins(group, "2");
  group.says("3", "while bob was in");
  group.removes("2");
  await bob!.sees(({ data }) => data?.type === "session.deleted");
  unmute(edge.world);
  group.says("3", "after");
  await alice!.sees(({ data }) => data?.content === "after");
  t.deepEqual(contents(bob!.seen("NEW_MESSAGE")), []);
});

test("an answer from before the removal is not sent after it", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2"]);
  const bob = await edge.device("2");
  edge.world.onPublish = () => {};
  group.says("1", "lost");
  unmute(edge.world);
  const { until: released, goOn } = hold();
  let asks = 0;
  const { differenceFor } = group;
  const late = async (...asked: Parameters<typeof differenceFor>) => {
    asks += 1;
    const difference = differenceFor.apply(group, asked);
    await released;
    return difference;
  };
  Object.assign(group, { differenceFor: late });
  group.says("1", "after the gap");
  await until(() => asks === 1);
  mute(edge.world);
  group.removes("2");
  await bob.sees(({ data }) => data?.type === "session.deleted");
  goOn();
  await until(() => asks === 2);
  t.deepEqual(contents(bob.seen("NEW_MESSAGE")), []);
});

test("a refusal from before a member was added again does not end the listening", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2"]);
  const bob = await edge.device("2");
  group.says("1", "first");
  await bob.sees("NEW_MESSAGE");
  const { until: released, goOn } = hold();
  let isHeld = false;
  edge.world.before.set("reading.difference", async () => {
    if (isHeld) return;
    isHeld = true;
    await released;
    throw new DomainError("group.not_member");
  });
  edge.world.publishTo("2", "session.deleted", { sessionId: "g_9", reason: "removed" });
  await until(() => isHeld);
  group.removes("2");
  joins(group, "2");
  goOn();
  group.says("1", "again in");
  await bob.sees(({ data }) => data?.content === "again in");
  const versions = bob.versions("g_9");
  t.deepEqual(versions, [...new Set(versions)], "each once");
});

test("a gap of all listeners is filled also when the one that was asked as has left by then", async (t) => {
  await using edge = await startWorld({ syncEveryMs: 60_000 });
  const group = edge.world.conversation("g_9", ["1", "2", "3"]);
  const bob = await edge.device("2");
  group.says("3", "first");
  await bob.sees("NEW_MESSAGE");
  edge.world.session("1").vectors.set("d1", { userVersion: 0, conversations: {} });
  const alice = await edge.device("1", "d1");
  await alice.sees("NEW_MESSAGE");
  edge.world.onPublish = () => {};
  group.says("3", "lost");
  group.removes("2");
  unmute(edge.world);
  edge.world.staleLists.set("2", ["g_9"]);
  edge.world.reportGap();
  await alice.sees(({ data }) => data?.content === "lost");
  t.deepEqual(contents(alice.seen("NEW_MESSAGE")), ["first", "lost"]);
});

test("an edit that reached only members who may not read it is pulled by the others", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1", "2", "3"]);
  const [alice, bob] = await Promise.all(["1", "2"].map((id) => edge.device(id)));
  const first = group.says("3", "first");
  await Promise.all([alice!.sees("NEW_MESSAGE"), bob!.sees("NEW_MESSAGE")]);
  group.visibleFrom.set("2", 2);
  edge.world.onPublish = (notification, deliver) => {
    const isLost = notification.type === "message.edited" && "content" in notification.data;
    if (!isLost) deliver(notification);
  };
  group.edits(first, "edited", ["2"]);
  await bob!.sees("MESSAGE_EDITED");
  await alice!.sees("MESSAGE_EDITED"); // nothing else happens there: the sweep looks
  t.is(alice!.seen("MESSAGE_EDITED").length, 1);
});

test("a socket that closes while its user's present is read leaves no subscription behind", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation("g_9", ["1", "2"], "conversation").says("1");
  const { until: released, goOn } = hold();
  const { assertThere } = edge.world;
  let isAsked = false;
  let isPassed = false;
  edge.world.assertThere = async () => {
    if (!isAsked && edge.world.calls.at(-1)?.name === "reading.present") {
      isAsked = true;
      await released;
      setImmediate(() => {
        isPassed = true;
      });
    }
    return assertThere.call(edge.world);
  };
  const bob = edge.open({ query: { token: edge.tokenOf("2", "d2") } });
  await until(() => isAsked);
  bob.socket.terminate();
  await until(() => !edge.world.isConnected("2"));
  goOn();
  await until(() => isPassed);
  t.deepEqual([...edge.world.subjects], []);
});

test("a subject whose only listener leaves while the conversation is asked is unsubscribed", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation("g_9", ["1", "2"], "conversation").says("1");
  const { until: released, goOn } = hold();
  let isAsked = false;
  edge.world.before.set("conversation.attach", async () => {
    isAsked = true;
    await released;
  });
  const bob = await edge.device("2");
  await until(() => isAsked);
  bob.socket.terminate();
  await until(() => !edge.world.isConnected("2"));
  goOn();
  await until(() => edge.world.subjects.size === 0);
  t.deepEqual(bob.seen("NEW_MESSAGE"), []);
});

test("of two sockets of a device that are answered at once only the newer one is served", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation("g_9", ["1", "2"], "conversation").says("1");
  edge.world.session("2").vectors.set("d2", { userVersion: 0, conversations: { g_9: 1 } });
  const { until: released, goOn } = hold();
  let asked = 0;
  const methods = edge.world.methods.bind(edge.world);
  // Both answers come in one tick, as after one commit.
  edge.world.methods = (kind, key) => {
    const found = methods(kind, key);
    if (kind !== "session") return found;
    const connect = async (place: unknown) => {
      const answer = await found.connect!(place);
      asked += 1;
      await released;
      return answer;
    };
    return { ...found, connect };
  };
  const token = edge.tokenOf("2", "d2");
  edge.open({ query: { token } });
  await until(() => asked === 1);
  const newer = edge.open({ query: { token } });
  await until(() => asked === 2);
  goOn();
  await newer.sees("CONNECT_ACK");
  await until(() => edge.world.subjects.size === 1);
  const presents = edge.world.calls.filter(({ name, key }) => name === "reading.present" && key === "2");
  t.is(presents.length, 1);
});

test("sockets that close while the conversation cannot be asked are asked about no more", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation("g_9", ["1", "2", "3"], "conversation").says("1");
  const asked: string[][] = [];
  let isAway = true;
  edge.world.before.set("conversation.attach", (input) => {
    asked.push((input as { userIds: string[] }).userIds);
    if (isAway) throw new RuntimeError("unreachable", "no host");
  });
  await edge.device("1");
  const leaves = await edge.device("2");
  await until(() => asked.flat().includes("2"));
  leaves.socket.close();
  await until(() => !edge.world.isConnected("2"));
  const { length } = asked;
  isAway = false;
  await until(() => asked.length > length);
  t.deepEqual(asked.slice(length).flat(), ["1"]);
});

test("a pull that is answered after its listeners have left delivers nothing to those who listen by then", async (t) => {
  await using edge = await startWorld();
  const group = edge.world.conversation("g_9", ["1"]);
  group.says("1", "before");
  const alice = await edge.device("1");
  group.says("1", "known");
  await alice.sees("NEW_MESSAGE");
  const { until: released, goOn } = hold();
  let isAsked = false;
  edge.world.before.set("reading.difference", () => {
    if (isAsked) return;
    isAsked = true;
    return released;
  });
  mute(edge.world);
  joins(group, "2");
  unmute(edge.world);
  group.members = ["1"];
  group.says("1", "of the time after");
  await until(() => isAsked);
  group.members = ["1", "2"];
  alice.socket.close();
  await until(() => !edge.world.isConnected("1"));
  const [bob, again] = await Promise.all([edge.device("2"), edge.device("1")]);
  group.says("1", "to both");
  await again.sees(({ data }) => data?.content === "to both");
  await bob.sees(({ data }) => data?.content === "to both");
  goOn();
  group.says("1", "last");
  await bob.sees(({ data }) => data?.content === "last");
  t.deepEqual(contents(bob.seen("NEW_MESSAGE")), ["to both", "last"]);
});
