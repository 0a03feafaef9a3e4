// Each event of the services: whose devices get it, and whose do not.
import test from "ava";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";
import type { TestFrame } from "../support/test-device.ts";

const names = ["ana", "bo", "cy", "eve"] as const;
type Name = (typeof names)[number];
type Cast = Record<Name, Person>;
/** The event, who gets it, and what causes it. */
type Step = readonly [event: string, to: readonly Name[], act: () => unknown];

/** Frames with a type of their own stand for the notification that they carry. */
const carriers: Readonly<Record<string, string>> = {
  NEW_MESSAGE: "message.new",
  MESSAGE_RECALLED: "message.recalled",
  MESSAGE_READ: "message.read_receipt",
  USER_TYPING: "message.typing",
};
const eventOf = ({ type, data }: TestFrame) => (type === "NOTIFICATION" ? String(data.type) : carriers[type]);

async function startCast(node: { readonly port: number }): Promise<Cast> {
  const people = await Promise.all(names.map((name) => Person.registers(node, name)));
  const cast = Object.fromEntries(names.map((name, i) => [name, people[i]])) as Cast;
  await Promise.all(people.map((person) => person.connects()));
  await cast.ana.befriends(cast.bo);
  return cast;
}

test("each event reaches exactly the users whom it concerns", async (t) => {
  await using node = await startTestNode();
  const cast = await startCast(node);
  const { ana, bo, cy } = cast;
  const countOf = (name: Name, event: string) =>
    cast[name].device.frames.filter((each) => eventOf(each) === event).length;
  const chat = ana.chatWith(bo);
  let requestId = "";
  let groupId = "";
  let messageId = "";
  const send = async (sessionId: string, more: object = {}) => {
    const body = { sessionId, contentType: "text", content: "hello", ...more };
    messageId = String((await ana.device.asks("SEND_MESSAGE", body)).data.messageId);
  };
  const group = () => `g_${groupId}`;
  const steps: Step[] = [
    ["user.profile_updated", ["ana"], () => ana.puts("/users/me", { signature: "out" })],
    ["user.settings_updated", ["ana"], () => ana.puts("/users/me/settings", { language: "en" })],
    [
      "friend.request",
      ["ana"],
      async () => {
        requestId = String((await cy.posts("/friends/requests", { userId: ana.userId, message: "hi" })).data.requestId);
      },
    ],
    ["friend.request_handled", ["ana", "cy"], () => ana.puts(`/friends/requests/${requestId}`, { action: "accept" })],
    ["friend.remark_updated", ["ana"], () => ana.puts(`/friends/${cy.userId}/remark`, { remark: "Cyd" })],
    ["friend.blacklist_changed", ["ana"], () => ana.posts("/friends/blacklist", { userId: cy.userId })],
    ["friend.deleted", ["ana", "cy"], () => ana.deletes(`/friends/${cy.userId}`)],
    [
      "group.invited",
      ["bo"],
      async () => {
        const made = await ana.posts("/groups", { name: "walkers", memberIds: [bo.userId], joinVerify: false });
        groupId = String(made.data.groupId);
      },
    ],
    ["group.member_joined", ["ana", "bo", "cy"], () => cy.posts(`/groups/${groupId}/join`, {})],
    ["group.info_updated", ["ana", "bo", "cy"], () => ana.puts(`/groups/${groupId}`, { name: "runners" })],
    ["group.role_changed", ["ana", "bo", "cy"], () => ana.posts(`/groups/${groupId}/admins`, { userId: bo.userId })],
    ["message.new", ["bo", "cy"], () => send(group())],
    ["message.mentioned", ["cy"], () => send(group(), { mentions: [cy.userId] })],
    ["message.recalled", ["ana", "bo", "cy"], () => ana.device.asks("MESSAGE_RECALL", { messageId })],
    ["message.typing", ["bo"], () => ana.device.sends({ type: "TYPING", data: { sessionId: chat } })],
    ["session.unread_updated", ["bo"], () => send(chat)],
    [
      "message.read_receipt",
      ["ana", "bo"],
      () => bo.device.sends({ type: "MESSAGE_READ", data: { sessionId: chat, seq: 1 } }),
    ],
    ["session.pin_updated", ["bo"], () => bo.puts(`/sessions/${chat}/pin`, { isPinned: true })],
    ["session.mute_updated", ["bo"], () => bo.puts(`/sessions/${chat}/mute`, { isMuted: true })],
    ["session.deleted", ["bo"], () => bo.deletes(`/sessions/${chat}`)],
    ["group.member_left", ["ana", "bo"], () => cy.posts(`/groups/${groupId}/exit`)],
    ["group.disbanded", ["ana", "bo"], () => ana.deletes(`/groups/${groupId}`)],
    ["sync.completed", ["eve"], () => cast.eve.device.asks("SYNC", { cursor: 0 })],
  ];
  for (const [event, to, act] of steps) {
    const before = Object.fromEntries(names.map((name) => [name, countOf(name, event)]));
    const got = () => names.filter((name) => countOf(name, event) > before[name]!);
    await act();
    await eventually(() => to.every((name) => got().includes(name))).catch(() => {});
    await staysTrue(() => got().length <= to.length, 50).catch(() => {});
    t.deepEqual(got(), [...to], event);
  }
});
