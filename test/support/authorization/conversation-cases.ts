// Cases of routes and frames that act on any conversation.
import { randomUUID } from "node:crypto";
import { eventually } from "../../suites/eventually.ts";
import { type Case, connected, ofFrame, ofRoute } from "./case.ts";
import { must, type Place, type Standing } from "./place.ts";

const chats = ["pair", "group"] as const;
const all = ["pair", "group", "system", "assistant"] as const;
const text = { contentType: "text", content: "hello" };
const where = ({ conversationId }: Place) => ({ sessionId: conversationId });
const byMessage = { realms: chats, hidden: "message.not_found" } as const;
const own = ({ ownMessageId }: Place) => ({ params: { id: ownMessageId } });
const others = ({ otherMessageId }: Place) => ({ params: { id: otherMessageId } });
const thumb = ({ otherMessageId }: Place) => ({ params: { id: otherMessageId, emoji: encodeURIComponent("👍") } });
const announcement = ({ conversationId }: Place) => ({
  ...{ sessionId: conversationId, contentType: "announcement", content: { text: "hear" } },
});
const silences = (place: Place) => must(place.people.owner!.puts(`/groups/${place.id}/mute`, { muted: true }));
const mergedIds = new WeakMap<Place, string>();
async function merges(place: Place): Promise<void> {
  const body = { messageIds: [place.otherMessageId], targets: [where(place)], merge: true };
  const { results } = await must(
    place.people.owner!.posts<{ results: { messages: { messageId: string }[] }[] }>("/messages/forward", body),
  );
  mergedIds.set(place, results[0]!.messages[0]!.messageId);
}
const readSeqOf = async ({ caller, conversationId }: Place) =>
  Number((await must(caller.gets(`/sessions/${conversationId}`))).readSeq);

/** Standings without an entry in the caller's own list: such an entry can neither be read nor changed. */
const notListed = new Set(["outsider", "bystander", "none", "nonmember", "exmember"]);
const ifListed = {
  operation: (standing: Standing) => (notListed.has(standing) ? ("session.not_found" as const) : ("allowed" as const)),
};

const routeCases: Case[] = [
  ofRoute("POST /messages", {
    ...{ realms: all, operation: "message.send" },
    request: (place) => ({ body: { ...where(place), ...text } }),
  }),
  ofRoute("POST /messages", {
    ...{ title: "while everybody is muted", realms: ["group"], operation: "message.send_while_muted" },
    prepare: (place) => (canMute(place) ? silences(place) : Promise.resolve()),
    request: (place) => ({ body: { ...where(place), ...text } }),
  }),
  ofRoute("POST /messages", {
    ...{ title: "an announcement", realms: chats, operation: "message.announce" },
    request: (place) => ({ body: announcement(place) }),
  }),
  ofRoute("POST /messages", {
    ...{ title: "that mentions everybody", realms: ["group"], operation: "message.mention_all" },
    request: (place) => ({ body: { ...where(place), ...text, mentions: ["all"] } }),
  }),
  ofRoute("PUT /messages/:id", {
    ...{ title: "so that it mentions everybody", realms: ["group"], operation: "message.mention_all" },
    ...{ hidden: "message.not_found" },
    request: (place) => ({ ...own(place), body: { content: "better", mentions: ["all"] } }),
  }),
  ofRoute("PUT /messages/:id", {
    ...{ ...byMessage, operation: "message.edit" },
    request: (place) => ({ ...own(place), body: { content: "better" } }),
  }),
  ofRoute("PUT /messages/:id", {
    ...{ ...byMessage, title: "of somebody else", operation: "message.edit" },
    ...{ but: everybody("message.not_yours"), request: (place) => ({ ...others(place), body: { content: "worse" } }) },
  }),
  ofRoute("POST /messages/:id/recall", { ...byMessage, operation: "message.recall_own", request: own }),
  ofRoute("POST /messages/:id/recall", {
    ...{ ...byMessage, title: "of somebody else", operation: "message.recall_any", request: others },
  }),
  ofRoute("PUT /messages/:id/pin", { ...byMessage, operation: "message.pin", request: others }),
  ofRoute("DELETE /messages/:id/pin", { ...byMessage, operation: "message.pin", request: others }),
  ofRoute("PUT /messages/:id/reactions/:emoji", { ...byMessage, operation: "message.react", request: thumb }),
  ofRoute("DELETE /messages/:id/reactions/:emoji", { ...byMessage, operation: "message.react", request: thumb }),
  ofRoute("GET /messages/:id/edits", { ...byMessage, operation: "conversation.view", request: others }),
  ofRoute("GET /messages/:id/reactions", { ...byMessage, operation: "conversation.view", request: others }),
  ofRoute("DELETE /messages/:id", { ...byMessage, operation: "conversation.view", request: others }),
  ofRoute("GET /messages/history", {
    ...{ realms: all, operation: "conversation.view" },
    request: ({ conversationId }) => ({ query: `?sessionId=${conversationId}` }),
  }),
  ofRoute("POST /messages/forward", {
    ...{ realms: all, operation: "message.send" },
    request: (place) => ({ body: { messageIds: [place.otherMessageId], targets: [where(place)] } }),
  }),
  ofRoute("GET /messages/:id/merged", {
    ...{ realms: ["group"], operation: "conversation.view", hidden: "message.not_found" },
    prepare: (place) => (canMute(place) ? merges(place) : Promise.resolve()),
    request: (place) => ({ params: { id: mergedIds.get(place) ?? place.otherMessageId } }),
  }),
  ofRoute("GET /messages/:id/context", { ...byMessage, operation: "conversation.view", request: others }),
  ofRoute("GET /messages/search", {
    ...{ realms: chats, operation: "conversation.view", isSilent: () => true },
    request: ({ conversationId }) => ({ query: `?keyword=remembered&sessionId=${conversationId}` }),
    happened: ({ data }) => (data.messages as unknown[]).length > 0,
  }),
  ofRoute("POST /messages/ack", {
    ...{ realms: all, operation: "message.mark" },
    request: (place) => ({ body: { ...where(place), seq: 1 } }),
  }),
  ofRoute("POST /messages/ack", {
    ...{ title: "by message", realms: chats, operation: "message.mark", hidden: "message.not_found" },
    request: (place) => ({ body: { ...where(place), messageIds: [place.otherMessageId] } }),
  }),
  ofRoute("POST /sync/messages", {
    ...{ realms: chats, operation: "conversation.view", isSilent: () => true },
    request: ({ conversationId }) => ({ body: { conversationSeqs: [{ conversationId }] } }),
    happened: ({ data }) => (data.conversations as { messages: unknown[] }[]).some(({ messages }) => messages[0]),
  }),
  ofRoute("POST /sync", {
    ...{ title: "by vector", realms: chats, operation: "conversation.view", isSilent: () => true },
    request: ({ conversationId }) => ({ body: { vector: { [conversationId]: 0 } } }),
    happened: (outcome, place) => tellsMessages(outcome.data, place),
  }),
  ofRoute("POST /sync", {
    ...{ title: "by time", realms: chats, operation: "conversation.view", isSilent: () => true },
    request: ({ conversationId }) => ({ body: { lastSyncTime: 0, conversationSeqs: [{ conversationId }] } }),
    happened: ({ data }) => (data.messages as { messages: unknown[] }[]).some(({ messages }) => messages[0]),
  }),
  ...inLists(),
];

function inLists(): Case[] {
  const session = (place: Place) => ({ params: { id: place.conversationId } });
  const cases: Case[] = ["/sessions", "/conversations"].flatMap((path) => [
    ofRoute(`POST ${path}`, {
      ...{ realms: all, operation: "conversation.open" },
      request: (place) => ({ body: where(place) }),
    }),
    ofRoute(`GET ${path}/:id`, { realms: chats, ...ifListed, request: session }),
    ofRoute(`GET ${path}/:id/pins`, { realms: all, operation: "conversation.view", request: session }),
    ofRoute(`PUT ${path}/:id/pin`, {
      ...{ realms: chats, ...ifListed, request: (place) => ({ ...session(place), body: { pinned: true } }) },
    }),
    ofRoute(`PUT ${path}/:id/mute`, {
      ...{ realms: chats, ...ifListed, request: (place) => ({ ...session(place), body: { muted: true } }) },
    }),
    ofRoute(`DELETE ${path}/:id`, { realms: chats, operation: "conversation.view", request: session }),
    ofRoute(`DELETE ${path}/:id/messages`, { realms: chats, operation: "conversation.view", request: session }),
    ofRoute(`POST ${path}/:id/read`, { realms: all, operation: "message.mark", request: session }),
  ]);
  return cases;
}

const frameCases: Case[] = [
  ofFrame("SEND_MESSAGE", {
    ...{ realms: all, operation: "message.send", data: (place) => ({ ...where(place), ...text }) },
  }),
  ofFrame("SEND_MESSAGE", {
    ...{ title: "while everybody is muted", realms: ["group"], operation: "message.send_while_muted" },
    prepare: (place) => (canMute(place) ? silences(place) : Promise.resolve()),
    data: (place) => ({ ...where(place), ...text }),
  }),
  ofFrame("SEND_MESSAGE", {
    ...{ title: "an announcement", realms: chats, operation: "message.announce", data: announcement },
  }),
  ofFrame("SEND_MESSAGE", {
    ...{ title: "that mentions everybody", realms: ["group"], operation: "message.mention_all" },
    data: (place) => ({ ...where(place), ...text, mentions: ["all"] }),
  }),
  ofFrame("MESSAGE_EDIT", {
    ...{ title: "so that it mentions everybody", realms: ["group"], operation: "message.mention_all" },
    ...{ hidden: "message.not_found" },
    data: ({ ownMessageId }) => ({ messageId: ownMessageId, content: "better", mentions: ["all"] }),
  }),
  ofFrame("MESSAGE_RECALL", {
    ...{ ...byMessage, operation: "message.recall_own", data: ({ ownMessageId }) => ({ messageId: ownMessageId }) },
  }),
  ofFrame("MESSAGE_RECALL", {
    ...{ ...byMessage, title: "of somebody else", operation: "message.recall_any" },
    data: ({ otherMessageId }) => ({ messageId: otherMessageId }),
  }),
  ofFrame("MESSAGE_EDIT", {
    ...{ ...byMessage, operation: "message.edit" },
    data: ({ ownMessageId }) => ({ messageId: ownMessageId, content: "better" }),
  }),
  ofFrame("MESSAGE_EDIT", {
    ...{ ...byMessage, title: "of somebody else", operation: "message.edit", but: everybody("message.not_yours") },
    data: ({ otherMessageId }) => ({ messageId: otherMessageId, content: "worse" }),
  }),
  ofFrame("MESSAGE_PIN", {
    ...{ ...byMessage, operation: "message.pin" },
    data: ({ otherMessageId }) => ({ messageId: otherMessageId, on: true }),
  }),
  ofFrame("REACTION", {
    ...{ ...byMessage, operation: "message.react" },
    data: ({ otherMessageId }) => ({ messageId: otherMessageId, emoji: "👍", on: true }),
  }),
  ofFrame("MESSAGE_DELETE", {
    ...{ ...byMessage, operation: "conversation.view" },
    data: ({ otherMessageId }) => ({ messageIds: [otherMessageId] }),
  }),
  ofFrame("SYNC", {
    ...{ realms: chats, operation: "conversation.view", isSilent: () => true },
    data: ({ conversationId }) => ({ vector: { [conversationId]: 0 } }),
    happened: (outcome, place) => tellsMessages(outcome.data, place),
  }),
  {
    ...{ of: "TYPING", realms: ["pair", "group", "system"], operation: "message.type" },
    async does(place, isAllowed) {
      const [device, witness] = await Promise.all([connected(place.caller), connected(otherThanCaller(place))]);
      const msgId = randomUUID();
      device.sends({ type: "TYPING", msgId, data: where(place) });
      if (!isAllowed)
        return { code: (await device.sees("ERROR", (frame) => frame.msgId === msgId)).code ?? -1, data: {} };
      // Repeated, because a witness that is still syncing gets no typing notification.
      await eventually(async () => {
        device.sends({ type: "TYPING", msgId, data: where(place) });
        await device.asks("PRESENCE_SUBSCRIBE", { userIds: [] });
        return witness.seen("USER_TYPING", ({ data }) => data.sessionId === place.conversationId).length > 0;
      });
      return { code: 0, data: {} };
    },
  },
  {
    // A mark in a group without membership is dropped without an answer; the next read of the trace would show an effect.
    ...{ of: "MESSAGE_READ", realms: chats, operation: "message.mark", isSilent: ({ realm }) => realm === "group" },
    async does(place, isAllowed) {
      const device = await connected(place.caller);
      const msgId = randomUUID();
      device.sends({ type: "MESSAGE_READ", msgId, data: { ...where(place), seq: 1 } });
      if (!isAllowed && place.realm !== "group") {
        return { code: (await device.sees("ERROR", (frame) => frame.msgId === msgId)).code ?? -1, data: {} };
      }
      if (isAllowed) await eventually(async () => (await readSeqOf(place)) >= 1);
      return { code: 0, data: {} };
    },
  },
  {
    // The ack says what the device has received. A device that received nothing has nothing to acknowledge.
    ...{ of: "MESSAGE_ACK", realms: all, operation: "message.mark", isSilent: () => true },
    async does(place) {
      const device = await connected(place.caller);
      const msgId = randomUUID();
      device.sends({ type: "MESSAGE_ACK", msgId, data: { ...where(place), seq: 1, version: 1 } });
      await device.asks("PRESENCE_SUBSCRIBE", { userIds: [] });
      return { code: device.seen("ERROR", (frame) => frame.msgId === msgId)[0]?.code ?? 0, data: {} };
    },
  },
];

export const conversationCases: readonly Case[] = [...routeCases, ...frameCases];

function everybody(error: "message.not_yours") {
  const standings = ["acquaintance", "friend", "member", "admin", "owner"] as const;
  return Object.fromEntries(standings.map((standing) => [standing, error]));
}

function canMute({ standing }: Place): boolean {
  return standing !== "none" && standing !== "dissolved";
}

function otherThanCaller({ realm, witness, caller, people }: Place) {
  return realm === "group" && witness === caller ? people.admin! : witness;
}

function tellsMessages(data: Record<string, unknown>, { conversationId }: Place): boolean {
  const changes = data.changes as { type?: string; sessionId?: string; messages?: unknown[] }[];
  return changes.some((change) => change.sessionId === conversationId && (change.messages?.length ?? 0) > 0);
}
