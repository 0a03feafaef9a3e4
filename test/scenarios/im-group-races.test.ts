// Groups under races: a removed member with an open socket, groups that always have one owner, groups that are no more.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { isOf } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Rows = Record<string, unknown>[];

const texts = (person: Person) => person.device.seen("NEW_MESSAGE").map(({ data }) => Number(data.seq));
const ownersOf = async (person: Person, groupId: string) =>
  (await person.gets<{ members: Rows }>(`/groups/${groupId}/members?role=owner`)).data.members.map(
    ({ userId }) => userId,
  );

test("a removed member gets nothing after the removal, on any route, and sends that were under way are seen by all or refused", async (t) => {
  const [ana, bo, cy] = await connected(chat, "ana", "bo", "cy");
  const sessionId = await ana.createsGroup("Crew", [bo, cy]);
  const groupId = sessionId.slice(2);
  const own = await cy.says(sessionId, "by cy");
  const { cursor } = (await cy.device.asks("SYNC", { cursor: 0 })).data;
  const sends = Array.from({ length: 20 }, (_, i) => ana.says(sessionId, `ana ${i}`));
  const underWay = Array.from({ length: 10 }, (_, i) =>
    cy.device.asks("SEND_MESSAGE", { sessionId, contentType: "text", content: `cy ${i}` }),
  );
  const removed = await ana.deletes(`/groups/${groupId}/members/${cy.userId}`);
  t.is(removed.code, 0);
  await Promise.all(sends);
  const after = await ana.says(sessionId, "after");
  const answers = await Promise.all(underWay);
  const history = await bo.history(sessionId);
  for (const { type, code, data } of answers) {
    if (type === "ERROR") t.is(code, 40105);
    else
      t.true(
        history.some(({ messageId }) => messageId === data.messageId),
        "an acknowledged send is seen by all",
      );
  }
  await bo.device.sees("NEW_MESSAGE", ({ data }) => data.seq === after.seq);
  const gone = await cy.device.sees("NOTIFICATION", isOf("session.deleted"));
  t.is(gone.data.reason, "removed");
  const left = await bo.device.sees("NOTIFICATION", isOf("group.member_left"));
  const lastSeen = Number(left.data.seq);
  t.deepEqual(
    texts(cy).filter((seq) => seq > lastSeen),
    [],
    "nothing above the removal",
  );

  const refused = { code: 40105 };
  const reads = ["", "/settings", "/members", "/qrcode"].map((path) => `/groups/${groupId}${path}`);
  for (const path of [...reads, `/messages/history?sessionId=${sessionId}`]) t.like(await cy.gets(path), refused, path);
  t.like(await cy.posts("/messages", { sessionId, contentType: "text", content: "me again" }), refused);
  t.not((await cy.posts("/messages/ack", { sessionId, messageIds: [own.messageId] })).code, 0);
  t.not((await cy.puts(`/messages/${own.messageId}`, { content: "edited" })).code, 0);
  t.not((await cy.posts(`/messages/${own.messageId}/recall`)).code, 0);
  t.like(await cy.posts(`/groups/${groupId}/members`, { memberIds: [cy.userId] }), refused);
  const found = await cy.gets<{ messages: Rows }>("/messages/search?keyword=ana");
  t.deepEqual(found.data.messages, []);
  const { changes } = (await cy.device.asks("SYNC", { cursor })).data as { changes: Rows };
  t.deepEqual(
    changes.flatMap(({ messages = [] }) => messages as Rows),
    [],
  );
  t.is((await bo.history(sessionId)).find(({ messageId }) => messageId === own.messageId)?.content, "by cy");
});

test("ownership handed to a member in the instant that the member leaves: one owner, who is a member, and a clear answer", async (t) => {
  const [ana, bo, cy] = await connected(chat, "ana", "bo", "cy");
  for (let round = 0; round < 8; round += 1) {
    const groupId = (await ana.createsGroup(`Round ${round}`, [bo, cy])).slice(2);
    const [transferred, exited] = await Promise.all([
      ana.posts(`/groups/${groupId}/transfer`, { newOwnerId: bo.userId }),
      bo.posts(`/groups/${groupId}/exit`),
    ]);
    const owners = await ownersOf(cy, groupId);
    if (transferred.code === 0) {
      t.like(exited, { status: 409, code: 40116 });
      t.deepEqual(owners, [bo.userId]);
    } else {
      t.like(transferred, { status: 403, code: 40105 });
      t.is(exited.code, 0);
      t.deepEqual(owners, [ana.userId]);
    }
    t.is((await cy.gets(`/groups/${groupId}`)).data.ownerId, owners[0]);
  }
});

test("admins who act on each other and on the owner at the same time never leave the group without its owner", async (t) => {
  const [ana, bo, cy] = await connected(chat, "ana", "bo", "cy");
  const groupId = (await ana.createsGroup("Council", [bo, cy])).slice(2);
  await ana.posts(`/groups/${groupId}/admins`, { userIds: [bo.userId, cy.userId] });
  const answers = await Promise.all([
    bo.deletes(`/groups/${groupId}/members/${ana.userId}`),
    bo.deletes(`/groups/${groupId}/members/${cy.userId}`),
    cy.deletes(`/groups/${groupId}/members/${bo.userId}`),
    cy.puts(`/groups/${groupId}/members/${ana.userId}/role`, { role: "member" }),
    ana.posts(`/groups/${groupId}/exit`),
  ]);
  t.deepEqual(
    answers.map(({ code }) => code),
    [40109, 40110, 40110, 40107, 40116],
  );
  t.deepEqual(await ownersOf(ana, groupId), [ana.userId]);
});

test("a group dissolved while sends, joins and a change of role are under way takes nothing afterwards, and each member hears of it once", async (t) => {
  const [ana, bo, cy, di] = await connected(chat, "ana", "bo", "cy", "di");
  await di.puts("/users/settings", { groupInviteConsent: true });
  const made = await ana.posts("/groups", { name: "Last", memberIds: [bo.userId, cy.userId, di.userId] });
  const groupId = String(made.data.groupId);
  const [invitation] = (await di.gets<{ invitations: Rows }>("/groups/invitations")).data.invitations;
  const send = (person: Person, i: number) =>
    person.device.asks("SEND_MESSAGE", { groupId, contentType: "text", content: `m ${i}` });
  const underWay = [
    ...Array.from({ length: 20 }, (_, i) => send(bo, i)),
    di.puts(`/groups/invitations/${invitation!.invitationId}`, { accept: true }),
    ana.posts(`/groups/${groupId}/admins`, { userId: cy.userId }),
  ];
  t.is((await ana.deletes(`/groups/${groupId}`)).code, 0);
  for (const { code = 0 } of await Promise.all(underWay)) t.true(code === 0 || code === 40102, String(code));
  for (const member of [bo, cy]) await member.device.sees("NOTIFICATION", isOf("group.disbanded"));
  const gone = { code: 40102 };
  t.like(await send(bo, 99), { type: "ERROR", ...gone });
  t.like(await di.posts(`/groups/${groupId}/join`), gone);
  t.like(await ana.posts(`/groups/${groupId}/members`, { memberIds: [di.userId] }), gone);
  t.like(await ana.posts(`/groups/${groupId}/transfer`, { newOwnerId: bo.userId }), gone);
  t.like(await cy.posts(`/groups/${groupId}/exit`), gone);
  await eventually(async () => (await di.gets<{ groups: Rows }>("/groups")).data.groups.length === 0);
  for (const member of [bo, cy]) t.is(member.device.seen("NOTIFICATION", isOf("group.disbanded")).length, 1);
});
