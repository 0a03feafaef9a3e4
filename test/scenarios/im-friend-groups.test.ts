// How users keep their friends: groups of friends and stars; and requests that expire, cross, or come from a group.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { misfits } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf } from "../support/test-device.ts";

interface Group {
  groupId: string;
  name: string;
  sort: number;
  userIds: string[];
}
interface Asked {
  requestId: string;
  status: string;
  expiresAt: number;
  createdAt: number;
  groupId?: string;
}

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

const groupsOf = async (person: Person) => (await person.gets<{ groups: Group[] }>("/friends/groups")).data.groups;
const friendsOf = async (person: Person) =>
  (await person.gets<{ friends: Record<string, unknown>[] }>("/friends")).data.friends;
const requestsOf = async (person: Person) =>
  (await person.gets<{ requests: Asked[] }>("/friends/requests")).data.requests;
const adds = async (person: Person, name: string, sort?: number) =>
  (await person.posts<Group>("/friends/groups", { name, sort })).data;

test("a user sorts friends into groups; the other devices learn of it, and the friends do not", async (t) => {
  const [ann, bea, cal] = await people(chat, "ann", "bea", "cal");
  await ann.befriends(bea);
  await ann.befriends(cal);
  const { cursor } = (await ann.posts<{ cursor: number }>("/sync", { cursor: 0 })).data;
  const laptop = await ann.connects();
  const family = await ann.posts<Group>("/friends/groups", { name: "Family" });
  t.deepEqual(misfits(family.data, { groupId: "string", name: "string", sort: "number" }), []);
  const work = await adds(ann, "Work");
  t.true(work.sort > family.data.sort);
  const { groupId } = family.data;
  const placed = await ann.puts(`/friends/${bea.userId}/groups`, { groupIds: [groupId, work.groupId] });
  t.deepEqual(placed.data, { userId: bea.userId, groupIds: [groupId, work.groupId] });
  await ann.puts(`/friends/${cal.userId}/groups`, { groupIds: [work.groupId] });
  t.like(await ann.puts(`/friends/groups/${work.groupId}`, { name: "Office", sort: 0 }), { code: 0 });
  t.deepEqual(
    (await groupsOf(ann)).map(({ name, userIds }) => [name, userIds.toSorted()]),
    [
      ["Office", [bea.userId, cal.userId].toSorted()],
      ["Family", [bea.userId]],
    ],
  );
  t.deepEqual((await friendsOf(ann)).find(({ userId }) => userId === bea.userId)?.groupIds, [groupId, work.groupId]);
  await laptop.sees("NOTIFICATION", isOf("sync.request"));

  t.like(await ann.deletes(`/friends/groups/${groupId}`), { code: 0, data: null });
  t.deepEqual((await friendsOf(ann)).find(({ userId }) => userId === bea.userId)?.groupIds, [work.groupId]);
  const { changes } = (await ann.posts<{ changes: { type: string; items: object[] }[] }>("/sync", { cursor })).data;
  const items = changes.find(({ type }) => type === "user")?.items as Record<string, unknown>[];
  t.like(
    items.find(({ id }) => id === work.groupId),
    { type: "friend_group", name: "Office", sort: 0 },
  );
  t.like(
    items.find(({ id }) => id === groupId),
    { type: "friend_group", deleted: true },
  );
  t.like(
    items.find(({ id }) => id === bea.userId),
    { type: "friend", groupIds: [work.groupId] },
  );
  t.deepEqual(await groupsOf(bea), []);
});

test("a group of friends has a name of 1 to 50 characters, belongs to its user, and there are at most 100", async (t) => {
  const [dora, egon] = await people(chat, "dora", "egon");
  await dora.befriends(egon);
  const { groupId } = await adds(dora, "字".repeat(50));
  for (const name of ["", "   ", "字".repeat(51), "\u200b"]) {
    t.like(await dora.posts("/friends/groups", { name }), { status: 400, code: 1 }, name);
  }
  const unknown = { status: 404, codeStr: "030114" };
  t.like(await egon.puts(`/friends/groups/${groupId}`, { name: "mine" }), unknown);
  t.like(await egon.deletes(`/friends/groups/${groupId}`), unknown);
  t.like(await egon.puts(`/friends/${dora.userId}/groups`, { groupIds: [groupId] }), unknown);
  t.like(await dora.puts("/friends/12345/groups", { groupIds: [groupId] }), { status: 404, codeStr: "030107" });
  for (let n = 1; n < 100; n += 1) await adds(dora, `group ${n}`);
  t.like(await dora.posts("/friends/groups", { name: "one more" }), { status: 403, codeStr: "030115" });
});

test("a starred friend is starred on every device, and no more after the friendship ends", async (t) => {
  const [fred, gert] = await people(chat, "fred", "gert");
  t.like(await fred.puts(`/friends/${gert.userId}/star`, { starred: true }), { status: 404, codeStr: "030107" });
  await fred.befriends(gert);
  const { updateTime } = (await fred.gets<{ updateTime: number }>("/friends")).data;
  t.like((await fred.puts(`/friends/${gert.userId}/star`, { starred: true })).data, { isStarred: true });
  t.like((await fred.gets(`/friends?lastUpdateTime=${updateTime + 1}`)).data, { friends: [{ isStarred: true }] });
  t.like((await friendsOf(gert))[0], { isStarred: false });
  await fred.deletes(`/friends/${gert.userId}`);
  await fred.befriends(gert);
  t.like((await friendsOf(fred))[0], { isStarred: false });
  await fred.puts(`/friends/${gert.userId}/star`, { starred: true });
  t.like((await fred.puts(`/friends/${gert.userId}/star`, { starred: false })).data, { isStarred: false });
});

test("a request lives for FRIEND_REQUEST_MS: then it is expired in both lists, cannot be accepted, and can be sent anew", async (t) => {
  await using short = await startTestNode({ env: { FRIEND_REQUEST_MS: "1000" } });
  const [hans, inga] = await people(short, "hans", "inga");
  const socket = await inga.connects();
  const { requestId } = (await hans.posts("/friends/requests", { userId: inga.userId })).data;
  const [waiting] = await requestsOf(inga);
  t.is(waiting!.expiresAt - waiting!.createdAt, 1_000);
  const handled = await socket.sees("NOTIFICATION", isOf("friend.request_handled"));
  t.like(handled.data, { requestId, status: "expired" });
  for (const person of [hans, inga]) {
    await eventually(async () => (await requestsOf(person))[0]?.status === "expired");
    t.like((await person.gets("/friends/requests?status=pending")).data, { total: 0 });
  }
  t.like(await inga.puts(`/friends/requests/${requestId}`, { accept: true }), { status: 410, codeStr: "030105" });
  t.deepEqual(await friendsOf(hans), []);
  // Inga's own request finds nothing open, so that the two do not become friends by an old one.
  t.like((await inga.posts("/friends/requests", { userId: hans.userId })).data, { status: "pending" });
});

test("a request from a group names the group, and only a member can make it", async (t) => {
  const [jon, kai, lea, mia] = await people(chat, "jon", "kai", "lea", "mia");
  const groupId = (await lea.createsGroup("club", [jon, kai])).slice(2);
  const asks = (person: Person, fields: object) =>
    person.posts("/friends/requests", { userId: kai.userId, source: "group", ...fields });
  t.like(await asks(jon, {}), { status: 400, code: 1 });
  t.like(await asks(jon, { groupId: "77" }), { status: 404, codeStr: "040101" });
  t.like(await asks(mia, { groupId }), { status: 403, codeStr: "040105" });
  t.is((await asks(jon, { groupId })).status, 200);
  t.like((await requestsOf(kai))[0], { groupId, source: "group", status: "pending" });
  t.like((await requestsOf(jon))[0], { groupId });
});

test("requests that cross make one friendship, whichever comes first, and one notice for each", async (t) => {
  for (let round = 0; round < 12; round += 1) {
    const [nina, otto] = await people(chat, "nina", "otto");
    const sockets = await Promise.all([nina.connects(), otto.connects()]);
    const answers = await Promise.all([
      nina.posts("/friends/requests", { userId: otto.userId }),
      otto.posts("/friends/requests", { userId: nina.userId }),
    ]);
    t.deepEqual(answers.map(({ data }) => data.status).toSorted(), ["accepted", "pending"]);
    for (const [person, other] of [
      [nina, otto],
      [otto, nina],
    ] as const) {
      t.deepEqual(
        (await friendsOf(person)).map(({ userId }) => userId),
        [other.userId],
      );
      t.deepEqual(
        (await requestsOf(person)).map(({ status }) => status),
        ["accepted", "accepted"],
      );
    }
    for (const socket of sockets) {
      await socket.sees("NOTIFICATION", isOf("friend.added"));
      t.is(socket.seen("NOTIFICATION", isOf("friend.added")).length, 1);
    }
  }
});

test("answers that collide: one wins, the others get a clear error, and both lists agree", async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const [pia, quin] = await people(chat, "pia", "quin");
    const { requestId } = (await pia.posts("/friends/requests", { userId: quin.userId })).data;
    const answer = (accept: boolean) => quin.puts(`/friends/requests/${requestId}`, { accept });
    const blocks = () => pia.posts("/friends/blacklist", { userId: quin.userId });
    const [yes, other] = await Promise.all([
      answer(true),
      [() => answer(false), () => answer(true), blocks][round % 3]!(),
    ]);
    const isFriend = yes!.status === 200 || (round % 3 === 1 && other!.status === 200);
    if (round % 3 < 2) t.deepEqual([yes!.status, other!.status].toSorted(), [200, 409], "030106");
    else t.true(yes!.status === 200 || yes!.codeStr === "030102");
    for (const [person, friend] of [
      [pia, quin],
      [quin, pia],
    ] as const) {
      t.deepEqual(
        (await friendsOf(person)).map(({ userId }) => userId),
        isFriend ? [friend.userId] : [],
      );
    }
    if (!isFriend) continue;
    await quin.deletes(`/friends/${pia.userId}`);
    t.like(await answer(true), { status: round % 3 === 2 ? 403 : 409 }, "the old request makes no friends again");
    t.deepEqual(await friendsOf(pia), []);
  }
});
