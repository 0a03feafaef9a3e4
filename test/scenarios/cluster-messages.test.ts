// Users at different gateways of one cluster chat with each other: what each of their devices receives.

import { eventually } from "../suites/eventually.ts";
import { startTestCluster, type TestCluster } from "../support/cluster-people.ts";
import { needs } from "../support/needs.ts";
import { callApi, Person } from "../support/person.ts";
import { isOf, type TestDevice, type TestFrame } from "../support/test-device.ts";

const test = needs("cassandra", "nats", "redis");
const perUserFanoutMax = 3;
let cluster: TestCluster;
const east = () => cluster.host("east");
const west = () => cluster.host("west");
const north = () => cluster.host("north");

test.before(async () => {
  cluster = await startTestCluster({
    hosts: {
      ...{ one: ["actors"], two: ["actors"] },
      ...{ east: ["gateway"], west: ["gateway"], north: ["gateway", "actors"] },
    },
    env: { PER_USER_FANOUT_MAX: String(perUserFanoutMax) },
    // No message is repeated for want of an ack, so a message that comes twice is a fault.
    limits: { resendAfterMs: [120_000] },
  });
});
test.after.always(() => cluster?.close());

type Row = Record<string, unknown>;
type Rows = Row[];
const saying = (text: string) => (frame: TestFrame) => frame.data.content === text;
const about = (messageId: unknown) => (frame: TestFrame) => frame.data.messageId === messageId;
const contents = (rows: unknown) => ((rows ?? []) as Rows).map(({ content }) => content);
const texts = (device: TestDevice) => device.seen("NEW_MESSAGE").map(({ data }) => data.content);
const oneTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
/** Versions that the device received. Acks are left out: an ack may come before or after the messages of others. */
const versionsOf = (device: TestDevice, sessionId: string) =>
  device.frames.flatMap(({ type, data }) =>
    type !== "SEND_ACK" && data.sessionId === sessionId && data.version !== undefined ? [Number(data.version)] : [],
  );

/** alice has a desk at east and a phone at west; bob has a desk at west and a phone at north. */
async function friends() {
  const [alice, bob] = await Promise.all([Person.registers(east(), "alice"), Person.registers(west(), "bob")]);
  await alice.befriends(bob);
  const phone = await alice.logsIn("iOS", "phone");
  const bobsPhone = await bob.logsIn("Android", "phone");
  const devices = {
    alicesDesk: await alice.connects(),
    alicesPhone: await alice.at(west()).opens(phone),
    bobsDesk: await bob.connects(),
    bobsPhone: await bob.at(north()).opens(bobsPhone),
  };
  return { alice, bob, id: alice.chatWith(bob), phone, ...devices };
}

test("every message and change reaches every device at every gateway, in order and once", async (t) => {
  const { alice, bob, id, alicesDesk, alicesPhone, bobsDesk, bobsPhone } = await friends();
  const senders = { alicesDesk, alicesPhone, bobsDesk, bobsPhone };
  // Each device has ten sends outstanding at once.
  await Promise.all(
    Object.entries(senders).flatMap(([name, device]) =>
      oneTo(10).map((n) =>
        device.asks("SEND_MESSAGE", { sessionId: id, contentType: "text", content: `${name} ${n}` }),
      ),
    ),
  );
  const history = await alice.history(id);
  t.deepEqual(
    history.map(({ seq }) => seq),
    oneTo(40),
  );
  for (const [name, device] of Object.entries(senders)) {
    const others = history.filter(({ content }) => !String(content).startsWith(`${name} `));
    // A device that pulls gets its own messages, too, and recognizes them by messageId.
    const received = () => texts(device).filter((content) => !String(content).startsWith(`${name} `));
    await eventually(() => received().length >= 30, 10_000);
    t.deepEqual(received(), contents(others), `${name}: the messages of others in order, each once`);
    const own = contents(history).filter((content) => String(content).startsWith(`${name} `));
    t.deepEqual(
      own,
      oneTo(10).map((n) => `${name} ${n}`),
      "as they were sent",
    );
  }
  const [edited, recalled] = [history[0], history.findLast(({ senderId }) => senderId === bob.userId)];
  const author = edited?.senderId === alice.userId ? alicesPhone : bobsPhone;
  t.is((await author.asks("MESSAGE_EDIT", { messageId: edited?.messageId, content: "better" })).type, "OK");
  t.is((await bobsPhone.asks("MESSAGE_RECALL", { messageId: recalled?.messageId })).type, "OK");
  for (const device of Object.values(senders)) {
    t.like((await device.sees("MESSAGE_EDITED", about(edited?.messageId))).data, { content: "better", sessionId: id });
    await device.sees("MESSAGE_RECALLED", about(recalled?.messageId));
    const versions = versionsOf(device, id);
    t.deepEqual(
      versions,
      [...new Set(versions)].toSorted((a, b) => a - b),
      "each version once, in order",
    );
  }
});

test("typing, delivered and read marks cross gateways, and a user's own devices agree on the unread count", async (t) => {
  const { alice, bob, id, alicesDesk, alicesPhone, bobsDesk, bobsPhone } = await friends();
  bobsPhone.sends({ type: "TYPING", data: { sessionId: id, sessionType: "single" } });
  for (const device of [alicesDesk, alicesPhone]) {
    t.is((await device.sees("USER_TYPING")).data.userId, bob.userId);
  }
  t.deepEqual(bobsPhone.seen("USER_TYPING"), []);
  await bob.says(alice, "one");
  const two = await bob.says(alice, "two");
  await alicesPhone.sees("NEW_MESSAGE", about(two.messageId));
  alicesPhone.sends({ type: "MESSAGE_ACK", sessionId: id, seq: 2 });
  for (const device of [bobsDesk, bobsPhone]) {
    const { data } = await device.sees("MESSAGE_DELIVERED");
    t.like(data, { sessionId: id, userId: alice.userId, seq: 2 });
  }
  for (const gateway of [east(), west(), north()]) {
    t.is((await alice.at(gateway).gets("/sessions/unread/total")).data.totalUnread, 2);
  }
  alicesPhone.sends({ type: "MESSAGE_READ", data: { sessionId: id, seq: 2 } });
  for (const device of [bobsDesk, bobsPhone]) {
    t.like((await device.sees("MESSAGE_READ")).data, { sessionId: id, userId: alice.userId, seq: 2 });
  }
  const isMark = (frame: TestFrame) => isOf("session.unread_updated")(frame) && frame.data.readSeq === 2;
  t.like((await alicesDesk.sees("NOTIFICATION", isMark)).data, { sessionId: id, unreadCount: 0 });
  for (const gateway of [east(), west(), north()]) {
    t.is((await alice.at(gateway).gets("/sessions/unread/total")).data.totalUnread, 0);
  }
});

test("a message is in the list, the history and the search of every gateway as soon as it is acked", async (t) => {
  const { alice, bob, id } = await friends();
  for (const text of ["apricot", "blueberry", "cherry"]) {
    await alice.says(bob, text);
    await Promise.all(
      [east(), west(), north()].map(async (gateway) => {
        const [alices, bobs] = [alice.at(gateway), bob.at(gateway)];
        t.is(contents(await bobs.history(id)).at(-1), text);
        const found = await alices.gets<{ messages: Rows }>(`/messages/search?keyword=${text}`);
        t.deepEqual(contents(found.data.messages), [text]);
        const { sessions } = (await bobs.gets<{ sessions: Rows }>("/sessions")).data;
        t.like(sessions[0], { sessionId: id, lastMessage: { content: text } });
      }),
    );
  }
});

test("a message that is sent again at another gateway is the same message, and is delivered once", async (t) => {
  const { alice, bob, id, bobsDesk, bobsPhone, phone } = await friends();
  const body = { sessionId: id, contentType: "text", content: "once" };
  const first = (await alice.device.asks("SEND_MESSAGE", body, "key-1")).data;
  const fromPhone = await alice.at(north()).opens(phone);
  const again = await fromPhone.asks("SEND_MESSAGE", body, "key-1");
  t.deepEqual(again.data, first);
  const rest = await alice.at(west()).posts("/messages", { ...body, clientMsgId: "key-1" });
  t.like(rest.data, { messageId: first.messageId, seq: 1 });
  const other = await alice.at(north()).posts("/messages", { ...body, content: "other", clientMsgId: "key-1" });
  t.like(other, { status: 409, code: 8 });
  await alice.says(bob, "next");
  for (const device of [bobsDesk, bobsPhone]) {
    await device.sees("NEW_MESSAGE", saying("next"));
    t.deepEqual(texts(device), ["once", "next"]);
  }
});

test("a change under an Idempotency-Key is made once, whichever gateways get the request", async (t) => {
  const { alice, bob } = await friends();
  const make = (gateway: { port: number }, name = "ours") =>
    callApi(gateway.port, "POST", "/groups", {
      ...{ token: alice.token, headers: { "idempotency-key": "g1" } },
      body: { name, memberIds: [bob.userId] },
    });
  const made = await Promise.all([east(), west(), north()].map((gateway) => make(gateway)));
  t.deepEqual(
    made.map(({ code }) => code),
    [0, 0, 0],
  );
  t.is(new Set(made.map(({ data }) => data.groupId)).size, 1);
  t.like(await make(west(), "another"), { status: 409, code: 8 });
  t.is((await alice.at(north()).gets("/groups")).data.total, 1);
});

test("a page that was fetched at one gateway is continued at another", async (t) => {
  const { alice, bob, id, bobsDesk } = await friends();
  for (const n of oneTo(4)) await alice.says(bob, `m${n}`);
  const start = (await bobsDesk.asks("SYNC", { cursor: 0 })).data;
  bobsDesk.disconnects();
  for (const n of [5, 6]) await alice.says(bob, `m${n}`);
  const elsewhere = await bob.at(north()).connects("&sync=client");
  const { changes, full, storeId } = (await elsewhere.asks("SYNC", { cursor: start.cursor })).data;
  t.deepEqual([full, storeId], [false, start.storeId]);
  t.deepEqual(contents((changes as Rows).find(({ sessionId }) => sessionId === id)?.messages), ["m5", "m6"]);
  const gateways = [west(), north(), east()];
  const found: unknown[] = [];
  for (let lastSeq: unknown = 0, hasMore: unknown = true, turn = 0; hasMore; turn += 1) {
    const gateway = gateways[turn % gateways.length] ?? east();
    const { data } = await bob.at(gateway).gets<Row>(`/messages/offline?lastSeq=${lastSeq}&limit=2`);
    found.push(...contents(data.messages));
    ({ nextSeq: lastSeq, hasMore } = data);
  }
  t.deepEqual(
    found,
    oneTo(6).map((n) => `m${n}`),
  );
});

test("a device that leaves one gateway gets at another what it missed", async (t) => {
  const { alice, bob, id, bobsDesk } = await friends();
  await alice.says(bob, "zero");
  await bobsDesk.sees("NEW_MESSAGE", saying("zero"));
  bobsDesk.sends({ type: "MESSAGE_ACK", data: { sessionId: id, seq: 1 } });
  await alice.device.sees("MESSAGE_DELIVERED");
  bobsDesk.disconnects();
  const sent = await alice.says(bob, "oen");
  await alice.says(bob, "two");
  await alice.puts(`/messages/${sent.messageId}`, { content: "one" });
  const back = await bob.at(north()).connects();
  await back.sees("NEW_MESSAGE", saying("two"));
  t.deepEqual(texts(back), ["one", "two"]);
});

test("a user is online while any of their devices is connected to any gateway", async (t) => {
  const { alice, bob, bobsDesk, bobsPhone } = await friends();
  const of = (person: Person) => (frame: TestFrame) => frame.data.userId === person.userId;
  t.is((await alice.device.asks("PRESENCE_SUBSCRIBE", { userIds: [bob.userId] })).type, "OK");
  await alice.device.sees("USER_ONLINE", of(bob));
  bobsDesk.disconnects();
  await bobsDesk.closes();
  // The list of friends reads the same presence, without the delay of presence notifications.
  const listed = async () => {
    const { data } = await alice.at(north()).gets<{ friends: Rows }>("/friends");
    return data.friends.find(({ userId }) => userId === bob.userId);
  };
  const firstGoneMs = Date.now();
  t.true(isOnlineIn(await listed()));
  bobsPhone.disconnects();
  const { data } = await alice.device.sees("USER_OFFLINE", of(bob));
  t.true(Number(data.lastSeen) >= firstGoneMs, "offline since the last device, not the first");
  t.is(alice.device.seen("USER_OFFLINE", of(bob)).length, 1);
  await eventually(async () => !isOnlineIn(await listed()));
  await bob.at(east()).connects();
  await eventually(() => alice.device.seen("USER_ONLINE", of(bob)).length === 2, 10_000);
});

function isOnlineIn(friend: Row | undefined): boolean {
  return friend?.status === 1;
}

test("a large group over three gateways: all members see who joins and leaves, and a removed user gets nothing more", async (t) => {
  const at = [east(), west(), north(), east(), west()];
  const names = ["ann", "ben", "cid", "dot", "eve"];
  const crowd = await Promise.all(names.map((name, i) => Person.registers(at[i] ?? east(), name)));
  const [ann, ben, cid, dot, eve] = crowd as [Person, Person, Person, Person, Person];
  await Promise.all(crowd.map((person) => person.connects()));
  const dotsPhone = await dot.at(north()).opens(await dot.logsIn("iOS", "phone"));
  const group = await ann.createsGroup("Crowd", [ben, cid]);
  const groupPath = `/groups/${group.slice(2)}`;
  await ann.says(group, "small");
  // From here on the group is too large for one subject per member.
  await ben.posts(`${groupPath}/members`, { memberIds: [dot.userId] });
  await eve.posts(`${groupPath}/join`, {});
  await cid.says(group, "large");
  const everywhere = [ann, ben, dot, eve].map(({ device }) => device);
  for (const device of [...everywhere, dotsPhone]) await device.sees("NEW_MESSAGE", saying("large"));
  const talkers = [ann, ben, cid, eve];
  await Promise.all(talkers.flatMap((person) => oneTo(5).map((n) => person.says(group, `${person.name} ${n}`))));
  await eventually(() => texts(eve.device).filter((text) => / \d$/.test(String(text))).length >= 15);

  t.is((await ann.at(west()).deletes(`${groupPath}/members/${dot.userId}`)).code, 0);
  for (const device of [dot.device, dotsPhone]) await device.sees("NOTIFICATION", isOf("session.deleted"));
  const receivedAtEnd = [dot.device, dotsPhone].map((device) => versionsOf(device, group).length);
  await ben.says(group, "without dot");
  await ann.puts(`/messages/${(await ann.says(group, "tipo")).messageId}`, { content: "typo" });
  for (const person of [cid, eve, ben]) await person.device.sees("MESSAGE_EDITED", saying("typo"));
  t.like(await dot.at(north()).gets(`/messages/history?sessionId=${group}`), { status: 403, code: 40105 });
  // A message to that user crosses the same gateways after the frames that the user must not get.
  await dot.befriends(ben);
  await ben.says(dot, "you are missed");
  for (const device of [dot.device, dotsPhone]) {
    await device.sees("NEW_MESSAGE", saying("you are missed"));
    t.false(texts(device).includes("without dot"));
    t.deepEqual(device.seen("MESSAGE_EDITED"), []);
  }
  t.deepEqual(
    [dot.device, dotsPhone].map((device) => versionsOf(device, group).length),
    receivedAtEnd,
  );

  t.is((await eve.at(east()).posts(`${groupPath}/exit`)).code, 0);
  await eve.device.sees("NOTIFICATION", ({ data }) => data.type === "session.deleted" && data.reason === "exit");
  await ann.says(group, "without eve");
  for (const person of [ben, cid]) await person.device.sees("NEW_MESSAGE", saying("without eve"));
  t.false(texts(eve.device).includes("without eve"));
  await dot.at(north()).posts(`${groupPath}/join`, {});
  await ben.device.sees("NOTIFICATION", ({ data }) => data.change === "member_joined" && Number(data.version) > 25);
  await ann.says(group, "dot is back");
  for (const device of [dot.device, dotsPhone]) await device.sees("NEW_MESSAGE", saying("dot is back"));
  for (const person of [ben, cid]) {
    await person.device.sees("NEW_MESSAGE", saying("dot is back"));
    const versions = versionsOf(person.device, group);
    t.deepEqual(
      versions,
      [...new Set(versions)].toSorted((a, b) => a - b),
      `${person.name}: once, in order`,
    );
  }
  // A sender gets the own message only as the ack, so each of the two sees gaps at the other's messages.
  const all = new Set([...versionsOf(ben.device, group), ...versionsOf(cid.device, group)]);
  t.deepEqual(
    [...all].toSorted((a, b) => a - b),
    oneTo(Math.max(...all)),
  );
});
