import test from "ava";
import type { ConversationCommands, ConversationQueries, MessageRef } from "../../actors/conversation/contract.ts";
import { relationOf } from "../../actors/conversation/model/relation.ts";
import { defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import { authorize, listVerdicts, type Operation, type Relation } from "../../actors/shared/authorization.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { CallOperation } from "../../actors/user/call-contract.ts";
import {
  alice,
  bob,
  type ChatRig,
  carol,
  createChatRig,
  createFriends,
  createGroupOf,
  dave,
  message,
  refusal,
} from "../support/chat-rig.ts";
import { LoneActor } from "../support/lone-actor.ts";
import { user as userBehaviour } from "../support/user-behaviour.ts";

const eve = "1005";

/** Worlds in which `eve` has the relation; the target of what is done to somebody is `bob`. */
const pairs: Record<string, () => Promise<ReturnType<typeof createChatRig>>> = {
  outsider: async () => createFriends(),
  stranger: async () => withMessages(createChatRig("s_1002_1005")),
  acquaintance: async () => withMessages(createChatRig("s_1002_1005", { rules: { requireFriend: false } })),
  friend: async () => befriend(await withMessages(createChatRig("s_1002_1005"))),
  blocker: async () => blockBy(eve),
  blocked: async () => blockBy(bob),
};
const groups: Record<string, () => Promise<ReturnType<typeof createChatRig>>> = {
  none: async () => createChatRig("g_77"),
  nonmember: () => spoken(createGroupOf([bob, carol, dave])),
  exmember: async () => {
    const chat = await spoken(createGroupOf([bob, carol, dave, eve]));
    await chat.rig.run("exit", { userId: eve });
    return chat;
  },
  member: () => spoken(createGroupOf([bob, carol, dave, eve])),
  admin: async () => {
    const chat = await spoken(createGroupOf([bob, carol, dave, eve]));
    await chat.rig.run("setRole", { by: alice, userId: eve, role: "admin" });
    return chat;
  },
  owner: async () => {
    const chat = await spoken(createGroupOf([bob, carol, dave, eve]));
    await chat.rig.run("transfer", { by: alice, newOwnerId: eve });
    return chat;
  },
};
const systems: Record<string, () => Promise<ReturnType<typeof createChatRig>>> = {
  bystander: () => systemOf(alice),
  recipient: () => systemOf(eve),
};
const chats: Record<string, () => Promise<ReturnType<typeof createChatRig>>> = {
  none: async () => createChatRig("a_77"),
  stranger: () => chatOf(alice),
  owner: () => chatOf(eve),
};
const worlds: Record<string, (typeof pairs)[string]> = { ...pairs, ...groups, ...systems };
const worldOf = (realm: string, relation: string) => (realm === "assistant" ? chats : worlds)[relation]!();

async function chatOf(ownerId: string): Promise<ReturnType<typeof createChatRig>> {
  const chat = createChatRig("a_77");
  await chat.rig.run("createChat", { ownerId, assistantId: "model-parrot" });
  for (const text of ["one", "two"]) await chat.says(ownerId, text);
  return chat;
}

async function spoken(made: ReturnType<typeof createGroupOf>): Promise<ReturnType<typeof createChatRig>> {
  const chat = await made;
  await chat.rig.run("updateGroup", { by: alice, patch: { joinVerify: true } });
  await chat.rig.run("join", { userId: "2001", message: "" });
  return withMessages(chat);
}

async function withMessages(chat: ReturnType<typeof createChatRig>): Promise<ReturnType<typeof createChatRig>> {
  for (const senderId of [bob, eve]) await chat.says(senderId, `from ${senderId}`, { origin: "service" });
  return chat;
}
async function befriend(chat: ReturnType<typeof createChatRig>): Promise<ReturnType<typeof createChatRig>> {
  await chat.rig.run("requestFriend", { from: bob, message: "", source: "" });
  return chat;
}
async function blockBy(by: string): Promise<ReturnType<typeof createChatRig>> {
  const chat = await withMessages(createChatRig("s_1002_1005"));
  await befriend(chat);
  await chat.rig.run("block", { by });
  return chat;
}
async function systemOf(userId: string): Promise<ReturnType<typeof createChatRig>> {
  const chat = createChatRig(`sys_${userId}`);
  await chat.says("system", { text: "Welcome" }, { contentType: "system", origin: "service" });
  return chat;
}

type Attempt = (rig: ChatRig) => unknown;

const refTo = (senderId: string): MessageRef => ({
  messageId: "1",
  seq: 1,
  bucket: 1,
  senderId,
  contentType: "text",
  atMs: Date.UTC(2026, 10, 21, 12),
  status: "normal",
  asOfVersion: 1,
});

/** Every command and query, as eve: the compiler demands each; the operation it stands for is looked up in the table. */
const attempts: Record<
  Exclude<
    keyof ConversationCommands | keyof ConversationQueries,
    "markMany" | "attach" | "recordCall" | "setModelTitle" | "replyEnded"
  >,
  [Operation, Attempt]
> = {
  send: ["message.send", (rig) => rig.run("send", message(eve, "hello"))],
  recall: ["message.recall_own", (rig) => rig.run("recall", { by: eve, message: refTo(eve) })],
  edit: ["message.edit", (rig) => rig.run("edit", { by: eve, message: refTo(eve), content: "x" })],
  pin: ["message.pin", (rig) => rig.run("pin", { by: eve, message: refTo(alice), on: true })],
  react: ["message.react", (rig) => rig.run("react", { by: eve, message: refTo(alice), emoji: "👍", on: true })],
  markRead: ["message.mark", (rig) => rig.run("markRead", { userId: eve, seq: 1 })],
  typing: ["message.type", (rig) => rig.run("typing", { userId: eve })],
  open: ["conversation.open", (rig) => rig.run("open", { userId: eve })],
  requestFriend: ["friend.request", (rig) => rig.run("requestFriend", { from: eve, message: "", source: "" })],
  handleFriendRequest: [
    "friend.accept",
    (rig) => rig.run("handleFriendRequest", { by: eve, requestId: "1", accept: true }),
  ],
  deleteFriend: ["friend.delete", (rig) => rig.run("deleteFriend", { by: eve })],
  block: ["friend.block", (rig) => rig.run("block", { by: eve })],
  unblock: ["friend.unblock", (rig) => rig.run("unblock", { by: eve })],
  createGroup: [
    "group.create",
    (rig) => rig.run("createGroup", { ownerId: eve, name: "x", avatar: "", memberIds: [bob] }),
  ],
  updateGroup: ["group.update", (rig) => rig.run("updateGroup", { by: eve, patch: { name: "x" } })],
  invite: ["group.invite", (rig) => rig.run("invite", { by: eve, userIds: ["1009"] })],
  answerInvitation: [
    "group.answer_invitation",
    (rig) => rig.run("answerInvitation", { userId: eve, invitationId: "1", accept: true }),
  ],
  declineInvitation: ["group.decline", (rig) => rig.run("declineInvitation", { userId: eve })],
  join: ["group.join", (rig) => rig.run("join", { userId: eve, message: "" })],
  handleJoinRequest: [
    "group.handle_request",
    (rig) => {
      const [requestId = "1"] = rig.state.group?.requests.keys() ?? [];
      return rig.run("handleJoinRequest", { by: eve, requestId, accept: true });
    },
  ],
  removeMember: ["group.remove_member", (rig) => rig.run("removeMember", { by: eve, userId: bob })],
  exit: ["group.exit", (rig) => rig.run("exit", { userId: eve })],
  transfer: ["group.transfer", (rig) => rig.run("transfer", { by: eve, newOwnerId: bob })],
  setRole: ["group.set_role", (rig) => rig.run("setRole", { by: eve, userId: bob, role: "admin" })],
  muteMember: ["group.mute_member", (rig) => rig.run("muteMember", { by: eve, userId: bob, untilMs: 1 })],
  setGroupNickname: ["group.nickname", (rig) => rig.run("setGroupNickname", { userId: eve, nickname: "E" })],
  dissolve: ["group.dissolve", (rig) => rig.run("dissolve", { by: eve })],
  place: ["conversation.view", (rig) => rig.query("place", { userId: eve, messageId: "1" })],
  window: ["conversation.view", (rig) => rig.query("window", { userId: eve })],
  summary: ["conversation.view", (rig) => rig.query("summary", { userId: eve })],
  groupInfo: ["conversation.view", (rig) => rig.query("groupInfo", { userId: eve })],
  members: ["group.view_members", (rig) => rig.query("members", { userId: eve, from: { offset: 0 }, limit: 1 })],
  mayBefriend: ["group.befriend", (rig) => rig.query("mayBefriend", { userId: eve, otherId: bob })],
  ensureGroupQrCode: ["group.view_qr", (rig) => rig.run("ensureGroupQrCode", { userId: eve })],
  refreshGroupQrCode: ["group.refresh_qr", (rig) => rig.run("refreshGroupQrCode", { by: eve })],
  scanGroup: [
    "group.scan",
    (rig) => rig.query("scanGroup", { userId: eve, code: rig.state.group?.qrCode?.code ?? "" }),
  ],
  joinByQrCode: ["group.scan", (rig) => rig.run("joinByQrCode", { userId: eve, code: "", message: "" })],
  memberViews: ["group.view_members", (rig) => rig.query("memberViews", { userId: eve, userIds: [bob] })],
  memberChanges: ["group.view_members", (rig) => rig.query("memberChanges", { userId: eve, sinceMs: 1 })],
  invitationCard: ["group.answer_invitation", (rig) => rig.query("invitationCard", { userId: eve })],
  joinRequests: ["group.view_requests", (rig) => rig.query("joinRequests", { userId: eve })],
  readers: ["conversation.view", (rig) => rig.query("readers", { userId: eve, seq: 1 })],
  createChat: ["chat.create", (rig) => rig.run("createChat", { ownerId: eve, assistantId: "m" })],
  updateChat: ["chat.update", (rig) => rig.run("updateChat", { userId: eve, patch: { title: "x" } })],
  deleteChat: ["chat.delete", (rig) => rig.run("deleteChat", { userId: eve })],
  regenerate: ["reply.regenerate", (rig) => rig.run("regenerate", { userId: eve, message: refTo(eve) })],
  stopReplies: ["reply.stop_own", (rig) => rig.run("stopReplies", { userId: eve })],
  addAssistant: [
    "assistant.add",
    (rig) => rig.run("addAssistant", { userId: eve, assistantId: "m", ownerId: eve, name: "M", avatar: "" }),
  ],
  removeAssistant: ["assistant.remove", (rig) => rig.run("removeAssistant", { userId: eve, assistantId: "m" })],
  chat: ["conversation.view", (rig) => rig.query("chat", { userId: eve })],
  replies: ["conversation.view", (rig) => rig.query("replies", { userId: eve })],
  mayCall: ["call.invite", (rig) => rig.query("mayCall", { callerId: eve, calleeId: bob })],
  relation: ["friend.view", (rig) => rig.query("relation", { userId: eve })],
};

/** What else a command may stand for. */
const more: [Operation, Attempt][] = [
  [
    "reply.stop_any",
    async (rig) => {
      if (rig.state.group) {
        const by = rig.state.group.ownerId;
        await rig.run("addAssistant", { userId: by, assistantId: "m", ownerId: by, name: "M", avatar: "" });
        const mentions = ["m"];
        await rig.run("send", message(bob, "well?", { clientMsgId: "q", mentions }));
      }
      return rig.run("stopReplies", { userId: eve, replyId: rig.state.replies[0]?.replyId ?? "1" });
    },
  ],
  ["message.recall_any", (rig) => rig.run("recall", { by: eve, message: refTo(bob) })],
  [
    "message.announce",
    (rig) => rig.run("send", message(eve, { text: "x" }, { contentType: "announcement", clientMsgId: "a" })),
  ],
  ["friend.reject", (rig) => rig.run("handleFriendRequest", { by: eve, requestId: "1", accept: false })],
  [
    "message.send_while_muted",
    async (rig) => {
      const by = rig.state.group?.ownerId ?? eve;
      if (rig.state.group) await rig.run("updateGroup", { by, patch: { isMuted: true } });
      return rig.run("send", message(eve, "x"));
    },
  ],
  [
    "group.view_members_reserved",
    async (rig) => {
      const by = rig.state.group?.ownerId ?? eve;
      if (rig.state.group) await rig.run("updateGroup", { by, patch: { allowViewMembers: false } });
      return rig.query("members", { userId: eve, from: { offset: 0 }, limit: 1 });
    },
  ],
  [
    "group.befriend_reserved",
    async (rig) => {
      const by = rig.state.group?.ownerId ?? eve;
      if (rig.state.group) await rig.run("updateGroup", { by, patch: { allowAddFriend: false } });
      return rig.query("mayBefriend", { userId: eve, otherId: bob });
    },
  ],
  [
    "group.invite_reserved",
    async (rig) => {
      const by = rig.state.group?.ownerId ?? eve;
      if (rig.state.group) await rig.run("updateGroup", { by, patch: { allowMemberInvite: false } });
      return rig.run("invite", { by: eve, userIds: ["1009"] });
    },
  ],
];
const all: [method: string, operation: Operation, attempt: Attempt][] = [
  ...Object.entries(attempts).map(([method, [operation, attempt]]): [string, Operation, Attempt] => [
    method,
    operation,
    attempt,
  ]),
  ...more.map(([operation, attempt]): [string, Operation, Attempt] => [operation, operation, attempt]),
];

/** What the state refuses where the table allows: there is no such thing to act on here. */
const beside: Record<string, readonly string[]> = {
  "friend.reject": ["friend.request_not_found", "friend.request_handled"],
  handleFriendRequest: ["friend.request_not_found", "friend.request_handled"],
  requestFriend: ["friend.already"],
  unblock: ["friend.not_blocked"],
  answerInvitation: ["group.invitation_over"],
  invitationCard: ["group.invitation_over", "group.not_found"],
  memberViews: ["group.not_found"],
  memberChanges: ["group.not_found"],
  scanGroup: ["user.qrcode_unknown"],
  joinByQrCode: ["user.qrcode_unknown"],
  groupInfo: ["group.not_found"],
  members: ["group.not_found"],
  readers: ["group.not_found"],
  chat: ["session.not_found"],
  regenerate: ["llm.assistant_not_found"],
  removeAssistant: ["llm.assistant_not_found"],
};

for (const cell of listVerdicts()) {
  test(`${cell.realm}: ${cell.operation} by ${cell.relation} is ${cell.verdict}`, async (t) => {
    const { realm, operation, relation, verdict } = cell;
    t.is(await refusal(() => authorize(realm, operation, relation)), verdict === "allowed" ? "" : verdict);
    if (relation === "service") return;
    if (realm === "call") {
      const user = userInCall(relation);
      const asked = { callId: "77", operation: operation as CallOperation };
      t.is(await refusal(() => user.ask("call", asked)), verdict === "allowed" ? "" : verdict);
      return;
    }
    const chat = await worldOf(realm, relation);
    const rules = { ...defaultConversationRules, requireFriend: relation !== "acquaintance" };
    t.is(relationOf(chat.rig.state, eve, rules), relation);
    for (const [method, uses, attempt] of all) {
      if (uses !== operation) continue;
      const fresh = await worldOf(realm, relation);
      const refused = await refusal(() => attempt(fresh.rig));
      if (verdict !== "allowed") {
        t.is(refused, verdict, method);
      } else if (refused !== "") t.true(beside[method]?.includes(refused), `${method}: ${refused}`);
    }
  });
}

/** Eve calls bob, is called by bob, or has nothing to do with the call. */
function userInCall(relation: Relation) {
  const user = new LoneActor(userBehaviour, eve);
  user.run("create", { nickname: "Eve", phone: "", email: "", account: "", atMs: 1 });
  if (relation !== "caller" && relation !== "callee") return user;
  const line = { peerId: bob, conversationId: "s_1002_1005", roomName: "r", callType: "audio" } as const;
  const ringUntilMs = user.nowMs + 60_000;
  user.run("beginCall", { callId: "77", role: relation, ...line, startedMs: user.nowMs, ringUntilMs });
  return user;
}

test("an operation that a kind of conversation does not know is refused there", async (t) => {
  for (const [realm, operation, relation] of [
    ["pair", "group.invite", "friend"],
    ["group", "friend.request", "owner"],
    ["system", "group.exit", "recipient"],
  ] as const) {
    const error = t.throws(() => authorize(realm, operation, relation as Relation), { instanceOf: DomainError });
    t.is(error?.error, "common.invalid");
  }
});

test("whom one may act on counts as well: members, admins, the owner", async (t) => {
  for (const [by, of, operation] of [
    ["admin", carol, "removeMember"],
    ["admin", carol, "muteMember"],
    ["owner", eve, "removeMember"],
  ] as const) {
    const { rig } = await worlds[by]!();
    if (by === "admin") await rig.run("setRole", { by: alice, userId: carol, role: "admin" });
    const refused = await refusal(() => rig.run(operation, { by: eve, userId: of, untilMs: 1 }));
    t.is(
      refused,
      by === "owner" ? "group.owner_stays" : operation === "removeMember" ? "group.admin_stays" : "group.not_owner",
    );
  }
});
