// What every bell must do: users and conversations reach exactly the gateways that listen for them.
import type { TestFn } from "ava";
import type { NotificationSink } from "../../actors/runtime/ports.ts";
import type { Notification } from "../../actors/shared/notification.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import { eventually } from "./eventually.ts";
import { type Story, tellStories, type UnderTest } from "./story.ts";

export interface BusUnderTest extends UnderTest {
  readonly sink: NotificationSink;
  /** One per gateway. */
  createSource(): Promise<NotificationSource>;
}

interface Gateway {
  readonly source: NotificationSource;
  readonly heard: { data: unknown; users: string[] }[];
}
async function openGateway(made: BusUnderTest): Promise<Gateway> {
  const source = await made.createSource();
  const heard: Gateway["heard"] = [];
  source.onNotification(({ data }, users) => heard.push({ data: data.n, users: [...users].sort() }));
  return { source, heard };
}
function toUsers(n: number, ...users: string[]): Notification {
  return { type: "message.new", target: { users }, atMs: 1, frame: "NEW_MESSAGE", data: { n, text: "你好" } };
}
function toConversation(n: number, conversationId: string): Notification {
  return { type: "message.new", target: { conversationId }, atMs: 1, frame: "NEW_MESSAGE", data: { n } };
}

export function busSuite(test: TestFn, name: string, make: () => Promise<BusUnderTest>): void {
  const story = tellStories(test, name, make);
  users(story);
  conversations(story);
}

/** What is published after it to a user who listens ends the test's wait: everything before has arrived. */
async function hears(made: BusUnderTest, gateway: Gateway): Promise<Gateway["heard"]> {
  gateway.source.addUser("probe");
  await eventually(async () => {
    made.sink.publish([toUsers(-1, "probe")]);
    await made.sink.flush();
    return gateway.heard.some(({ data }) => data === -1);
  });
  gateway.source.removeUser("probe");
  return gateway.heard.filter(({ data }) => data !== -1);
}

function users(story: Story<BusUnderTest>): void {
  story("each gateway gets a notification once, with its own users of the target", async (t, made) => {
    const [east, west, idle] = [await openGateway(made), await openGateway(made), await openGateway(made)];
    for (const user of ["alice", "bob"]) east.source.addUser(user);
    for (const user of ["bob", "carol"]) west.source.addUser(user);
    for (const gateway of [east, west, idle]) await hears(made, gateway);
    made.sink.publish([toUsers(1, "alice", "bob", "carol", "dave"), toUsers(2, "carol")]);
    await made.sink.flush();
    t.deepEqual(await hears(made, east), [{ data: 1, users: ["alice", "bob"] }]);
    t.deepEqual(await hears(made, west), [
      { data: 1, users: ["bob", "carol"] },
      { data: 2, users: ["carol"] },
    ]);
    t.deepEqual(await hears(made, idle), []);
  });

  story("one publisher's notifications arrive in order and whole", async (t, made) => {
    const gateway = await openGateway(made);
    const whole: Notification[] = [];
    gateway.source.onNotification((notification) => whole.push(notification));
    gateway.source.addUser("alice");
    await hears(made, gateway);
    whole.length = 0;
    const sent = Array.from({ length: 100 }, (_, n) => toUsers(n, "alice"));
    made.sink.publish(sent.slice(0, 50));
    for (const one of sent.slice(50)) made.sink.publish([one]);
    await made.sink.flush();
    const heard = await hears(made, gateway);
    t.deepEqual(
      heard.map(({ data }) => data),
      Array.from({ length: 100 }, (_, n) => n),
    );
    t.deepEqual(whole.slice(0, 2), sent.slice(0, 2));
  });

  story("a user who left is not heard of any more", async (t, made) => {
    const gateway = await openGateway(made);
    gateway.source.addUser("alice");
    await hears(made, gateway);
    gateway.source.removeUser("alice");
    gateway.source.removeUser("alice");
    await hears(made, gateway);
    made.sink.publish([toUsers(1, "alice")]);
    await made.sink.flush();
    t.deepEqual(await hears(made, gateway), []);
  });
}

function conversations(story: Story<BusUnderTest>): void {
  story("a conversation reaches every gateway that listens to it, once it says so", async (t, made) => {
    const [east, west] = [await openGateway(made), await openGateway(made)];
    await east.source.addConversation("g_1");
    await west.source.addConversation("g_1");
    await west.source.addConversation("g_2");
    made.sink.publish([toConversation(1, "g_1"), toConversation(2, "g_2"), toConversation(3, "g_3")]);
    await made.sink.flush();
    t.deepEqual(await hears(made, east), [{ data: 1, users: [] }]);
    t.deepEqual(await hears(made, west), [
      { data: 1, users: [] },
      { data: 2, users: [] },
    ]);
    west.source.removeConversation("g_1");
    await hears(made, west);
    made.sink.publish([toConversation(4, "g_1")]);
    await made.sink.flush();
    t.deepEqual((await hears(made, east)).at(-1), { data: 4, users: [] });
    t.is((await hears(made, west)).length, 2);
  });
}
