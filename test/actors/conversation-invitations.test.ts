// Invitations of many users at once, and what ends them. The lists of the invited users are copies, updated by the outbox.
import test from "ava";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import { alice, bob, carol, createChatRig, createGroupOf, dave, refusal } from "../support/chat-rig.ts";
import type { SentCommand } from "../support/turn.ts";

const { maxRecordBytes, maxOutboxTargets } = defaultRuntimeLimits;
/** As long as a name may be, of characters that take two units each. */
const longName = "😀".repeat(100);
const manyUsers = Array.from({ length: 200 }, (_, i) => String(1_000_000_000_000_000 + i));

type Rig = ReturnType<typeof createChatRig>["rig"];

/** What the turns from here on send to users' lists, until nothing is due; each record fits into the log. */
function takeAllTells(rig: Rig): SentCommand[] {
  const all: SentCommand[] = [];
  do {
    const tells = rig.takeTells();
    const outbox = tells.map(({ kind, key, ...rest }) => ({ to: { kind, key }, ...rest, stamp: 2 ** 52 }));
    const bytes = JSON.stringify({ ...rig.records.at(-1), outbox }).length;
    if (bytes > maxRecordBytes || outbox.length > maxOutboxTargets) throw new Error(`A record has ${bytes} bytes`);
    all.push(...tells);
  } while (rig.wake());
  return all;
}

const invitationsIn = (tells: SentCommand[], isPending: boolean): string[] =>
  tells.flatMap(({ key, method, input }) =>
    method === "invitationChanged" && (input as { isPending: boolean }).isPending === isPending ? [key] : [],
  );

test("a group is created with 200 users who are asked first: each gets the invitation, in records of the allowed size", async (t) => {
  const { rig, people } = createChatRig("g_1000000000000000");
  for (const userId of manyUsers) people.consent.add(userId);
  const made = await rig.run("createGroup", { ownerId: alice, name: longName, avatar: "", memberIds: manyUsers });
  t.is(made.pendingIds.length, 200);
  const tells = takeAllTells(rig);
  t.deepEqual(invitationsIn(tells, true).sort(), manyUsers);
  t.like(tells.find(({ key }) => key === manyUsers[199])?.input, { groupName: longName, by: alice });
  t.is(rig.behaviour.due?.(rig.state), undefined);
});

test("200 invited users who want no consent any more become members in one record of the allowed size", async (t) => {
  const { rig, people } = await createGroupOf([bob]);
  for (const userId of manyUsers) people.consent.add(userId);
  await rig.run("invite", { by: alice, userIds: manyUsers });
  takeAllTells(rig);
  people.consent.clear();
  t.is((await rig.run("invite", { by: alice, userIds: manyUsers })).successIds.length, 200);
  const joined = takeAllTells(rig).filter(({ method }) => method === "conversationJoined");
  t.is(joined.length, 200);
});

test("a user who joins or declines before the invitation was sent to the list gets no invitation afterwards", async (t) => {
  const { rig, people } = await createGroupOf([bob]);
  for (const userId of manyUsers) people.consent.add(userId);
  await rig.run("invite", { by: alice, userIds: manyUsers });
  const inTurn = invitationsIn(rig.takeTells(), true);
  const [first, second] = manyUsers.filter((userId) => !inTurn.includes(userId)) as [string, string];
  await rig.run("join", { userId: first, message: "" });
  await rig.run("declineInvitation", { userId: second });
  rig.takeTells();
  rig.wake();
  const later = invitationsIn(takeAllTells(rig), true);
  t.deepEqual([...inTurn, ...later, first, second].sort(), manyUsers);
});

test("a dissolved group leaves the lists of the users who were invited, too", async (t) => {
  const { rig, people } = await createGroupOf([bob]);
  for (const userId of manyUsers) people.consent.add(userId);
  await rig.run("invite", { by: alice, userIds: manyUsers });
  takeAllTells(rig);
  await rig.run("dissolve", { by: alice });
  const tells = takeAllTells(rig);
  t.deepEqual(invitationsIn(tells, false).sort(), manyUsers);
  t.deepEqual(
    tells.filter(({ method }) => method === "conversationLeft").map(({ key }) => key),
    [alice, bob],
  );
  t.is(rig.behaviour.due?.(rig.state), undefined);
  t.deepEqual(rig.refold(2), rig.state);
});

test("an invitation expires by the group's own clock, and an expired one neither admits nor stands in the way", async (t) => {
  const { rig, people } = await createGroupOf([bob], { joinVerify: true, rules: { groupInvitationMs: 1_000 } });
  people.consent.add(carol);
  await rig.run("invite", { by: alice, userIds: [carol] });
  const { id: invitationId } = rig.state.group!.invitations.get(carol)!;
  rig.nowMs += 1_000;
  const answer = (accept: boolean) => rig.run("answerInvitation", { userId: carol, invitationId, accept });
  t.is(await refusal(() => answer(true)), "group.invitation_over");
  t.is(await refusal(() => answer(false)), "group.invitation_over");
  t.like(await rig.run("join", { userId: carol, message: "" }), { needVerify: true });
  await rig.run("invite", { by: alice, userIds: [carol] });
  t.not(rig.state.group!.invitations.get(carol)!.id, invitationId);
});

test("a member's invitation becomes the admin's when an admin invites as well, and stays one invitation", async (t) => {
  const { rig, people } = await createGroupOf([bob], { joinVerify: true });
  people.consent.add(carol);
  await rig.run("invite", { by: bob, userIds: [carol] });
  const { id: invitationId } = rig.state.group!.invitations.get(carol)!;
  rig.takeTells();
  await rig.run("invite", { by: bob, userIds: [carol] });
  t.deepEqual(rig.takeTells(), [], "asked already");
  await rig.run("invite", { by: alice, userIds: [carol] });
  t.like(rig.state.group!.invitations.get(carol), { id: invitationId, by: alice, isApproved: true });
  t.like(await rig.run("answerInvitation", { userId: carol, invitationId, accept: true }), { needVerify: false });
  t.deepEqual(rig.refold(2), rig.state);
});

test("whoever was proposed by a member and asks to join is asked for consent no more", async (t) => {
  const { rig, people } = await createGroupOf([bob], { joinVerify: true });
  await rig.run("invite", { by: bob, userIds: [carol] });
  people.consent.add(carol);
  rig.takeTells();
  const { requestId } = await rig.run("join", { userId: carol, message: "please" });
  t.like(rig.takeTells(), [{ key: carol, method: "joinRequestChanged", input: { requestId, status: "pending" } }]);
  await rig.run("handleJoinRequest", { by: alice, requestId: requestId!, accept: true });
  t.true(rig.state.group!.members.has(carol));
});

test("a request that waits ends in its user's list when the group is dissolved, and a proposal was never in one", async (t) => {
  const { rig } = await createGroupOf([bob], { joinVerify: true });
  await rig.run("join", { userId: carol, message: "please" });
  await rig.run("invite", { by: bob, userIds: [dave] });
  rig.takeTells();
  await rig.run("dissolve", { by: alice });
  const requests = takeAllTells(rig).filter(({ method }) => method === "joinRequestChanged");
  t.like(requests, [{ key: carol, input: { status: "rejected" } }]);
  t.is(requests.length, 1);
});
