// Friend requests, friends, blocks and presence: what both users see in their lists and receive on their devices, each once.
import test, { type ExecutionContext } from "ava";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { misfits } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf, type TestDevice, type TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

const notificationTypes = (device: TestDevice) => device.seen("NOTIFICATION").map(({ data }) => String(data.type));
const friendsOf = async (person: Person) =>
  (await person.gets<{ friends: Record<string, unknown>[] }>("/friends")).data.friends;

/** The device receives these notifications and no others. */
async function settles(t: ExecutionContext, device: TestDevice, expected: string[]): Promise<void> {
  await eventually(() => notificationTypes(device).length >= expected.length).catch(() => {});
  t.deepEqual(notificationTypes(device).toSorted(), expected.toSorted());
}

test("a friend request is sent, seen by both and accepted, and each user is notified once", async (t) => {
  const [alice, bob] = await people(chat, "alice", "bob");
  await alice.connects();
  const phone = await alice.opens(await alice.logsIn("iOS", "phone"));
  await bob.connects();
  const body = { userId: bob.userId, message: "we met", source: "search" };
  const asked = await alice.posts("/friends/requests", body);
  t.deepEqual(misfits(asked.data, { requestId: "string", status: ["pending"], autoAccepted: "boolean" }), []);
  const { requestId } = asked.data;
  const notification = await bob.device.sees("NOTIFICATION", isOf("friend.request"));
  t.like(notification.data, {
    requestId,
    userId: alice.userId,
    fromUserId: alice.userId,
    message: "we met",
    source: "search",
  });
  t.like(await alice.posts("/friends/requests", body), { status: 409, code: 30103 });
  t.like(await alice.posts("/friends/requests", { userId: alice.userId }), { status: 400, code: 30108 });

  const received = (await bob.gets<{ requests: Record<string, unknown>[]; total: number }>(
    "/friends/requests?type=received",
  )) as { data: { requests: Record<string, unknown>[]; total: number } };
  t.is(received.data.total, 1);
  t.like(received.data.requests[0], { requestId, fromUserId: alice.userId, status: "pending", nickname: "alice" });
  t.like((await alice.gets("/friends/requests?type=sent")).data, { total: 1 });
  t.like((await alice.gets("/friends/requests?type=received")).data, { total: 0 });
  t.like(await alice.puts(`/friends/requests/${requestId}`, { action: "accept" }), { status: 404, code: 30104 });

  const accepted = await bob.puts(`/friends/requests/${requestId}`, { action: "accept" });
  t.deepEqual(accepted.data, { requestId, status: "accepted" });
  t.like(await bob.puts(`/friends/requests/${requestId}`, { action: "accept" }), { status: 409, code: 30106 });
  t.like(await bob.posts("/friends/requests", { userId: alice.userId }), { status: 409, code: 30101 });
  for (const device of [alice.device, phone]) {
    await settles(t, device, [
      "sync.request",
      ...["friend.request_handled", "friend.added", "session.friendship_changed"],
    ]);
    t.like(device.seen("NOTIFICATION", isOf("friend.added"))[0]?.data, { userId: bob.userId });
    const [handled] = device.seen("NOTIFICATION", isOf("friend.request_handled"));
    t.like(handled?.data, { requestId, userId: bob.userId, status: "accepted", direction: "sent" });
  }
  await settles(t, bob.device, [
    "friend.request",
    ...["friend.request_handled", "friend.added", "session.friendship_changed"],
  ]);
  const friendship = bob.device.seen("NOTIFICATION", isOf("session.friendship_changed"))[0];
  t.like(friendship?.data, { state: "friends", by: bob.userId, sessionId: alice.chatWith(bob), version: 1 });
  // The versions of the user's list have no hole: every change was notified.
  const versions = bob.device.frames.flatMap(({ data }) => data.userVersion ?? []).map(Number);
  t.deepEqual(
    versions.toSorted((a, b) => a - b),
    Array.from(versions, (_, i) => Math.min(...versions) + i),
  );
});

test("the list shows a friend's name, remark and presence, and since when they changed", async (t) => {
  const [carol, dave] = await people(chat, "carol", "dave");
  await carol.befriends(dave);
  const list = await carol.gets<{ friends: Record<string, unknown>[]; updateTime: number }>("/friends");
  t.deepEqual(
    misfits(list.data, {
      friends: [{ userId: "string", nickname: "string", avatar: "string", remark: "string", status: "number" }],
      updateTime: "time",
    }),
    [],
  );
  t.like(list.data.friends[0], { userId: dave.userId, nickname: "dave", remark: "", status: 0 });
  const socket = await dave.connects();
  t.like((await friendsOf(carol))[0], { status: 1 });
  socket.disconnects();
  await eventually(async () => (await friendsOf(carol))[0]?.status === 0);
  t.deepEqual(misfits((await friendsOf(carol))[0], { lastActiveTime: "time" }), []);

  const since = Number(list.data.updateTime) + 1;
  t.deepEqual((await carol.gets<{ friends: unknown[] }>(`/friends?lastUpdateTime=${since}`)).data.friends, []);
  await carol.connects();
  t.like(await carol.puts(`/friends/${dave.userId}/remark`, { remark: "Davy" }), { code: 0, data: null });
  await carol.device.sees("NOTIFICATION", isOf("friend.remark_updated"));
  const changed = await carol.gets<{ friends: unknown[] }>(`/friends?lastUpdateTime=${since}`);
  t.like(changed.data, { friends: [{ userId: dave.userId, remark: "Davy" }] });
  await carol.says(dave, "hello");
  const { data } = await carol.gets<{ sessions: Record<string, unknown>[] }>("/sessions");
  t.like(data.sessions[0], { name: "Davy", userId: dave.userId });
  t.like(await carol.puts("/friends/12345/remark", { remark: "x" }), { status: 404, code: 30107 });
});

test("a rejected request can be repeated, and a user without friend verification is a friend at once", async (t) => {
  const [erin, frank] = await people(chat, "erin", "frank");
  await erin.connects();
  const first = await erin.posts("/friends/requests", { userId: frank.userId });
  t.deepEqual((await frank.puts(`/friends/requests/${first.data.requestId}`, { accept: false })).data, {
    ...{ requestId: first.data.requestId, status: "rejected" },
  });
  const notification = await erin.device.sees("NOTIFICATION", isOf("friend.request_handled"));
  t.like(notification.data, { status: "rejected", userId: frank.userId });
  t.like((await erin.posts("/friends/requests", { userId: frank.userId })).data, { status: "pending" });
  const [gina] = await people(chat, "gina");
  await gina.puts("/users/me/settings", { friendVerifyRequired: false });
  const at = await erin.posts("/friends/requests", { userId: gina.userId });
  t.like(at.data, { status: "accepted", autoAccepted: true });
  await erin.device.sees("NOTIFICATION", ({ data }) => data.type === "friend.added" && data.userId === gina.userId);
  t.is((await erin.says(gina, "hi")).seq, 1);
});

test("two users who send each other a request are friends", async (t) => {
  const [hugo, ida] = await people(chat, "hugo", "ida");
  await hugo.posts("/friends/requests", { userId: ida.userId });
  t.like((await ida.posts("/friends/requests", { userId: hugo.userId })).data, { status: "accepted" });
  t.is((await friendsOf(hugo)).length, 1);
  const { data } = await ida.gets<{ requests: { status: string }[] }>("/friends/requests");
  t.deepEqual(new Set(data.requests.map(({ status }) => status)), new Set(["accepted"]));
});

test("a deletion ends the friendship for both, each gets it once, the history stays, and sends are refused", async (t) => {
  const [jan, kim] = await people(chat, "jan", "kim");
  await jan.befriends(kim);
  await Promise.all([jan.connects(), kim.connects()]);
  await jan.says(kim, "hello");
  await kim.device.sees("NEW_MESSAGE");
  const { updateTime } = (await kim.gets<{ updateTime: number }>("/friends")).data;
  t.like(await jan.deletes(`/friends/${kim.userId}`), { code: 0, data: null });
  for (const [person, other] of [
    [jan, kim],
    [kim, jan],
  ] as const) {
    t.like((await person.device.sees("NOTIFICATION", isOf("friend.deleted"))).data, { userId: other.userId });
    await person.device.sees("NOTIFICATION", ({ data }) => data.state === "strangers");
    t.deepEqual(await friendsOf(person), []);
    t.is(person.device.seen("NOTIFICATION", isOf("friend.deleted")).length, 1);
    t.is((await person.history(person.chatWith(other))).length, 1);
    const refused = await person.device.asks("SEND_MESSAGE", {
      receiverId: other.userId,
      contentType: "text",
      content: "?",
    });
    t.like(refused, { type: "ERROR", code: 50107 });
  }
  const changed = await kim.gets(`/friends?lastUpdateTime=${updateTime}`);
  t.deepEqual(changed.data.deletedIds, [jan.userId]);
  t.like(await jan.deletes(`/friends/${kim.userId}`), { status: 404, code: 30107 });
});

test("a block stops messages both ways and is shown to the blocker only, and lifting it restores them", async (t) => {
  const [lea, mia] = await people(chat, "lea", "mia");
  await lea.befriends(mia);
  await Promise.all([lea.connects(), mia.connects()]);
  const phone = await lea.opens(await lea.logsIn("iOS", "phone"));
  const before = notificationTypes(mia.device).length;
  const blocked = await lea.posts("/friends/blacklist", { userId: mia.userId });
  t.deepEqual(misfits(blocked.data, { userId: "string", blockedAt: "time" }), []);
  for (const device of [lea.device, phone]) {
    const notification = await device.sees("NOTIFICATION", isOf("friend.blacklist_changed"));
    t.like(notification.data, { userId: mia.userId, isBlocked: true });
  }
  t.like(await lea.posts("/friends/blacklist", { userId: mia.userId }), { status: 409, code: 30112 });
  const { data } = await lea.gets<{ blacklist: Record<string, unknown>[] }>("/friends/blacklist");
  t.like(data.blacklist[0], { userId: mia.userId, nickname: "mia", blockedAt: blocked.data.blockedAt });
  t.like((await mia.gets("/friends/blacklist")).data, { total: 0 });
  for (const [from, to] of [
    [lea, mia],
    [mia, lea],
  ] as const) {
    const refused = await from.posts("/messages", { receiverId: to.userId, contentType: "text", content: "?" });
    t.like(refused, { status: 403, code: 50108 });
  }
  t.is(notificationTypes(mia.device).length, before);
  t.is(lea.device.seen("NOTIFICATION", isOf("friend.blacklist_changed")).length, 1);
  const [nils] = await people(chat, "nils");
  await nils.posts("/friends/blacklist", { userId: mia.userId });
  t.like(await mia.posts("/friends/requests", { userId: nils.userId }), { status: 403, code: 30102 });
  t.is((await lea.deletes(`/friends/blacklist/${mia.userId}`)).code, 0);
  t.like(await lea.deletes(`/friends/blacklist/${mia.userId}`), { status: 404, code: 30113 });
  t.is((await mia.says(lea, "friends again")).seq, 1);
});

test("an address book finds the registered users who let themselves be found", async (t) => {
  const [olga, paul] = await people(chat, "olga", "paul");
  await olga.befriends(paul);
  const { data } = await olga.posts<{ matches: Record<string, unknown>[] }>("/friends/contacts", {
    contacts: [{ name: "P", email: paul.email }, "+8613800000001", { phone: "nonsense" }],
  });
  t.is(data.matches.length, 1);
  t.like(data.matches[0], { userId: paul.userId, nickname: "paul", email: paul.email, isFriend: true });
});

test("a blocked friend does not see the blocker's presence", async (t) => {
  const [uma, vera] = await people(chat, "uma", "vera");
  await uma.befriends(vera);
  await Promise.all([uma, vera].map((person) => person.connects()));
  const isVera = (frame: TestFrame) => frame.data.userId === vera.userId;
  const isHere = async () => {
    const { data } = await uma.gets<{ friends: { userId: string; status: number }[] }>("/friends");
    return data.friends.find(({ userId }) => userId === vera.userId)?.status;
  };
  await eventually(async () => (await isHere()) === 1);
  await vera.posts("/friends/blacklist", { userId: uma.userId });
  await eventually(async () => (await isHere()) === 0);
  // Before the block the friend was shown unasked; with the block the friend is gone.
  const isGone = () => uma.device.seen("USER_ONLINE", isVera).length === uma.device.seen("USER_OFFLINE", isVera).length;
  await eventually(isGone);
  const before = uma.device.seen("USER_ONLINE", isVera).length;
  t.is((await uma.device.asks("PRESENCE_SUBSCRIBE", { userIds: [vera.userId] })).type, "OK");
  await staysTrue(() => uma.device.seen("USER_ONLINE", isVera).length === before, 200);
  t.true(isGone());
});

test("presence goes to friends who subscribe, as far as the user's settings allow", async (t) => {
  const [quin, rosa, saul, tina] = await people(chat, "quin", "rosa", "saul", "tina");
  for (const friend of [rosa, saul]) await quin.befriends(friend);
  await saul.puts("/users/me/settings", { lastSeen: "nobody" });
  await Promise.all([quin, rosa, saul, tina].map((person) => person.connects()));
  const of = (person: Person) => (frame: TestFrame) => frame.data.userId === person.userId;
  const userIds = [rosa, saul, tina].map(({ userId }) => userId);
  t.is((await quin.device.asks("PRESENCE_SUBSCRIBE", { userIds })).type, "OK");
  const here = await quin.device.sees("USER_ONLINE", of(rosa));
  t.deepEqual(misfits(here.data, { userId: "string", platform: ["PC"], timestamp: "time" }), []);
  rosa.device.disconnects();
  const gone = await quin.device.sees("USER_OFFLINE", of(rosa));
  t.deepEqual(misfits(gone.data, { userId: "string", lastSeen: "time", timestamp: "time" }), []);
  for (const hidden of [saul, tina]) {
    t.deepEqual([...quin.device.seen("USER_ONLINE", of(hidden)), ...quin.device.seen("USER_OFFLINE", of(hidden))], []);
  }
  // A former friend's presence is not shown.
  await quin.deletes(`/friends/${rosa.userId}`);
  await quin.device.sees("NOTIFICATION", isOf("friend.deleted"));
  const before = quin.device.seen("USER_ONLINE", of(rosa)).length;
  await rosa.connects();
  await quin.says(saul, "is anybody there?");
  t.is(quin.device.seen("USER_ONLINE", of(rosa)).length, before);
});

test("an open presence subscription follows settings, blocks and friendship, on and off", async (t) => {
  const [watcher, wanda] = await people(chat, "watcher", "wanda");
  await watcher.befriends(wanda);
  await Promise.all([watcher, wanda].map((person) => person.connects()));
  const { device } = watcher;
  const isWanda = (frame: TestFrame) => frame.data.userId === wanda.userId;
  const states = () => device.frames.filter(({ type }) => type.startsWith("USER_O")).filter(isWanda);
  const last = () => states().at(-1)?.type;
  await device.asks("PRESENCE_SUBSCRIBE", { userIds: [wanda.userId] });
  await device.sees("USER_ONLINE", isWanda);

  const { friends } = (await watcher.gets<{ friends: { userId: string }[] }>("/friends")).data;
  t.is(friends.length, 1);
  const hiddenBy: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    [
      "a setting",
      () => wanda.puts("/users/me/settings", { lastSeen: "nobody" }),
      () => wanda.puts("/users/me/settings", { lastSeen: "friends" }),
    ],
    [
      "a block",
      () => wanda.posts("/friends/blacklist", { userId: watcher.userId }),
      () => wanda.deletes(`/friends/blacklist/${watcher.userId}`),
    ],
    ["the end of the friendship", () => wanda.deletes(`/friends/${watcher.userId}`), () => watcher.befriends(wanda)],
  ];
  for (const [what, hide, show] of hiddenBy) {
    await hide();
    await eventually(() => last() === "USER_OFFLINE").catch(() => t.fail(`hidden by ${what}`));
    t.is(states().at(-1)?.data.lastSeen, 0, what);
    await show();
    await eventually(() => last() === "USER_ONLINE").catch(() => t.fail(`shown again after ${what}`));
  }
});

test("a stranger's presence subscription ends when the user stops showing presence to everybody", async (t) => {
  const [xena, yuri] = await people(chat, "xena", "yuri");
  await yuri.puts("/users/me/settings", { lastSeen: "everybody" });
  await Promise.all([xena, yuri].map((person) => person.connects()));
  const isYuri = (frame: TestFrame) => frame.data.userId === yuri.userId;
  await xena.device.asks("PRESENCE_SUBSCRIBE", { userIds: [yuri.userId] });
  await xena.device.sees("USER_ONLINE", isYuri);
  await yuri.puts("/users/me/settings", { lastSeen: "friends" });
  await xena.device.sees("USER_OFFLINE", isYuri);
  t.is(xena.device.seen("USER_ONLINE", isYuri).length, 1);
});
