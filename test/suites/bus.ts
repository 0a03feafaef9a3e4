// What every notification bus must do: notifications reach exactly the gateways that listen for their users and conversations.
import type { TestFn } from "ava";
import type { NotificationSink } from "../../actors/runtime/ports.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import { eventually } from "./eventually.ts";
import { createSuite, type SuiteTest, type UnderTest } from "./suite.ts";

interface BusUnderTest extends UnderTest {
  readonly sink: NotificationSink;
  /** Called once per gateway. */
  createSource(): Promise<NotificationSource>;
}

interface Gateway {
  readonly source: NotificationSource;
  readonly received: { data: unknown; users: string[] }[];
}
async function openGateway(made: BusUnderTest): Promise<Gateway> {
  const source = await made.createSource();
  const received: Gateway["received"] = [];
  source.onNotification(({ data }, users) => received.push({ data: data.n, users: [...users].sort() }));
  return { source, received };
}
function toUsers(n: number, ...users: string[]): FramedNotification {
  return { type: "message.new", target: { users }, atMs: 1, frame: "NEW_MESSAGE", data: { n, text: "你好" } };
}
function toConversation(n: number, conversationId: string): FramedNotification {
  return { type: "message.new", target: { conversationId }, atMs: 1, frame: "NEW_MESSAGE", data: { n } };
}

/** A notification with every field. */
const full: FramedNotification = {
  type: "group.member_joined",
  target: { conversationId: "g_1" },
  atMs: 1_767_225_600_123,
  fromUserId: "9007199254740991",
  versioned: { conversationId: "g_1", version: 12, seq: 7 },
  frame: "NOTIFICATION",
  data: { n: 0, clé: ["é", "👋🏽", '"\\\n', { deep: [null, true, 1.5, -7, {}] }], empty: "", none: null },
  exceptDeviceId: "phone 1",
  membership: { joined: ["1", "2"], left: ["3"] },
};

export function busSuite(test: TestFn, name: string, make: () => Promise<BusUnderTest>): void {
  const it = createSuite(test, name, make);
  users(it);
  conversations(it);
}

let probes = 0;

/**
 * All notifications that the gateway received. Publishes a probe first and waits for it: when it has arrived, every
 * notification published before has arrived, too.
 */
async function receivedBy(made: BusUnderTest, gateway: Gateway): Promise<Gateway["received"]> {
  probes += 1;
  const probe = -probes; // a new one each time, because an old probe may arrive late
  gateway.source.addUser("probe");
  await eventually(async () => {
    made.sink.publish([toUsers(probe, "probe")]);
    await made.sink.flush();
    return gateway.received.some(({ data }) => data === probe);
  });
  gateway.source.removeUser("probe");
  return gateway.received.filter(({ data }) => !(Number(data) < 0));
}

function users(it: SuiteTest<BusUnderTest>): void {
  it("each gateway gets a notification once, with its own users of the target", async (t, made) => {
    const [east, west, idle] = [await openGateway(made), await openGateway(made), await openGateway(made)];
    for (const user of ["alice", "bob"]) east.source.addUser(user);
    for (const user of ["bob", "carol"]) west.source.addUser(user);
    for (const gateway of [east, west, idle]) await receivedBy(made, gateway);
    made.sink.publish([toUsers(1, "alice", "bob", "carol", "dave"), toUsers(2, "carol")]);
    await made.sink.flush();
    t.deepEqual(await receivedBy(made, east), [{ data: 1, users: ["alice", "bob"] }]);
    t.deepEqual(await receivedBy(made, west), [
      { data: 1, users: ["bob", "carol"] },
      { data: 2, users: ["carol"] },
    ]);
    t.deepEqual(await receivedBy(made, idle), []);
  });

  it("one publisher's notifications arrive in order and whole", async (t, made) => {
    const gateway = await openGateway(made);
    const whole: FramedNotification[] = [];
    gateway.source.onNotification((notification) => whole.push(notification));
    gateway.source.addUser("alice");
    await receivedBy(made, gateway);
    whole.length = 0;
    const sent = Array.from({ length: 100 }, (_, n) => toUsers(n, "alice"));
    made.sink.publish(sent.slice(0, 50));
    for (const one of sent.slice(50)) made.sink.publish([one]);
    await made.sink.flush();
    const received = await receivedBy(made, gateway);
    t.deepEqual(
      received.map(({ data }) => data),
      Array.from({ length: 100 }, (_, n) => n),
    );
    t.deepEqual(whole.slice(0, 2).map(withoutId), sent.slice(0, 2));
  });

  it("a notification arrives with all its fields", async (t, made) => {
    const gateway = await openGateway(made);
    const whole: FramedNotification[] = [];
    gateway.source.onNotification((notification) => whole.push(notification));
    gateway.source.addUser("alice");
    await gateway.source.addConversation("g_1");
    const toAlice: FramedNotification = { ...full, target: { users: ["alice"] }, data: { ...full.data, n: 1 } };
    const bare: FramedNotification = {
      type: "user.status_changed",
      target: full.target,
      atMs: 0,
      frame: "USER_ONLINE",
      data: {},
    };
    made.sink.publish([full, toAlice, bare]);
    await made.sink.flush();
    await receivedBy(made, gateway);
    const received = whole.filter(({ data }) => !(Number(data.n) < 0));
    t.deepEqual(received.map(withoutId), [full, toAlice, bare]);
  });

  it("a notification for many users is delivered together, and in the order of publication", async (t, made) => {
    const gateway = await openGateway(made);
    const crowd = Array.from({ length: 50 }, (_, n) => `user-${n}`);
    for (const user of crowd) gateway.source.addUser(user);
    await gateway.source.addConversation("g_1");
    await receivedBy(made, gateway);
    made.sink.publish([
      toUsers(1, ...crowd),
      toUsers(2, "user-7", "elsewhere"),
      toConversation(3, "g_1"),
      toUsers(4, ...crowd),
    ]);
    await made.sink.flush();
    const received = await receivedBy(made, gateway);
    // When two reads of the network contain parts of a notification it is delivered twice, never to the same user.
    const order = received.map(({ data }) => data).filter((n, index, all) => n !== all[index - 1]);
    t.deepEqual(order, [1, 2, 3, 4]);
    const usersOf = (n: number) => received.filter(({ data }) => data === n).flatMap(({ users }) => users);
    t.deepEqual(usersOf(1).sort(), [...crowd].sort());
    t.deepEqual(usersOf(2), ["user-7"]);
    t.deepEqual(usersOf(4).sort(), [...crowd].sort());
  });

  it("a user or conversation added twice gets a notification once, and can be removed and added again", async (t, made) => {
    const gateway = await openGateway(made);
    for (const user of ["alice", "alice"]) gateway.source.addUser(user);
    await Promise.all([gateway.source.addConversation("g_1"), gateway.source.addConversation("g_1")]);
    await receivedBy(made, gateway);
    made.sink.publish([toUsers(1, "alice"), toConversation(2, "g_1")]);
    await made.sink.flush();
    t.deepEqual((await receivedBy(made, gateway)).length, 2);
    gateway.source.removeUser("alice");
    gateway.source.removeConversation("g_1");
    gateway.source.addUser("alice");
    await gateway.source.addConversation("g_1");
    await receivedBy(made, gateway);
    made.sink.publish([toUsers(3, "alice"), toConversation(4, "g_1")]);
    await made.sink.flush();
    t.deepEqual((await receivedBy(made, gateway)).slice(2), [
      { data: 3, users: ["alice"] },
      { data: 4, users: [] },
    ]);
  });

  it("an id may contain any characters", async (t, made) => {
    const gateway = await openGateway(made);
    const ids = ["*", ">", "a.b", "a b", '"', "", "é", "x".repeat(300), "notification.>"];
    for (const id of ids) gateway.source.addUser(id);
    await receivedBy(made, gateway);
    for (const [n, id] of ids.entries()) made.sink.publish([toUsers(n, id), toUsers(100 + n, `${id}x`)]);
    await made.sink.flush();
    t.deepEqual(
      await receivedBy(made, gateway),
      ids.map((id, n) => ({ data: n, users: [id] })),
    );
  });

  it("a removed user gets no more notifications", async (t, made) => {
    const gateway = await openGateway(made);
    gateway.source.addUser("alice");
    await receivedBy(made, gateway);
    gateway.source.removeUser("alice");
    gateway.source.removeUser("alice");
    await receivedBy(made, gateway);
    made.sink.publish([toUsers(1, "alice")]);
    await made.sink.flush();
    t.deepEqual(await receivedBy(made, gateway), []);
  });
}

function conversations(it: SuiteTest<BusUnderTest>): void {
  it("a conversation's notifications reach every gateway whose addConversation has resolved", async (t, made) => {
    const [east, west] = [await openGateway(made), await openGateway(made)];
    await east.source.addConversation("g_1");
    await west.source.addConversation("g_1");
    await west.source.addConversation("g_2");
    made.sink.publish([toConversation(1, "g_1"), toConversation(2, "g_2"), toConversation(3, "g_3")]);
    await made.sink.flush();
    t.deepEqual(await receivedBy(made, east), [{ data: 1, users: [] }]);
    t.deepEqual(await receivedBy(made, west), [
      { data: 1, users: [] },
      { data: 2, users: [] },
    ]);
    west.source.removeConversation("g_1");
    await receivedBy(made, west);
    made.sink.publish([toConversation(4, "g_1")]);
    await made.sink.flush();
    t.deepEqual((await receivedBy(made, east)).at(-1), { data: 4, users: [] });
    t.is((await receivedBy(made, west)).length, 2);
  });
}

/** A bus between processes numbers what it publishes. */
function withoutId({ notificationId: _, ...notification }: FramedNotification): FramedNotification {
  return notification;
}
