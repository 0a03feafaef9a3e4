// Cases of chats with models, and of models in groups.
import { type Case, ofFrame, ofRoute } from "./case.ts";
import { must, type Place } from "./place.ts";

const chats = { realms: ["assistant"] } as const;
const groups = { realms: ["group"] } as const;
const both = { realms: ["assistant", "group"] } as const;
const session = ({ conversationId }: Place) => ({ params: { id: conversationId } });
const reply = (place: Place) => ({ params: { id: replies.get(place) ?? place.replyId ?? "4503599627370002" } });

/** Replies that were asked for at a place. */
const replies = new WeakMap<Place, string>();
const exists = ({ standing }: Place) => standing !== "none" && standing !== "dissolved";

async function hasParrot({ people, id }: Place): Promise<void> {
  await must(people.owner!.posts(`/groups/${id}/assistants`, { assistantId: "model-parrot" }));
}
/** Somebody who is not the caller, or the caller itself, asks the parrot. */
async function asksParrot(place: Place, who: "caller" | "another"): Promise<void> {
  if (place.realm !== "group" || !exists(place)) return;
  await hasParrot(place);
  const { caller, people, conversationId } = place;
  const isMember = place.standing === "member" || place.standing === "admin" || place.standing === "owner";
  const asker = who === "caller" && isMember ? caller : people.otherAdmin!;
  const question = { sessionId: conversationId, contentType: "text", content: "well?", mentions: ["model-parrot"] };
  replies.set(place, String((await must(asker.posts("/messages", question))).replyId));
}
const stops = (operation: "reply.stop_own" | "reply.stop_any", who: "caller" | "another") =>
  ofRoute("POST /replies/:id/stop", {
    ...{ ...both, title: who, operation, hidden: "llm.reply_not_found", request: reply },
    prepare: (place) => asksParrot(place, who),
    but: { dissolved: "llm.reply_not_found" },
  });

export const assistantCases: readonly Case[] = [
  ofRoute("PUT /sessions/:id", {
    ...{ ...chats, operation: "chat.update", request: (place) => ({ ...session(place), body: { title: "Ours" } }) },
  }),
  ofRoute("PUT /conversations/:id", {
    ...{ ...chats, operation: "chat.update", request: (place) => ({ ...session(place), body: { title: "Ours" } }) },
  }),
  ofRoute("DELETE /sessions/:id", { ...chats, title: "a chat", operation: "chat.delete", request: session }),
  ofRoute("DELETE /conversations/:id", { ...chats, title: "a chat", operation: "chat.delete", request: session }),
  ofRoute("PUT /messages/:id", {
    ...{ ...chats, title: "in a chat", operation: "message.edit", hidden: "message.not_found" },
    request: ({ ownMessageId }) => ({ params: { id: ownMessageId }, body: { content: "better" } }),
  }),
  ofRoute("POST /messages/:id/recall", {
    ...{ ...chats, title: "in a chat", operation: "message.recall_own", hidden: "message.not_found" },
    request: ({ ownMessageId }) => ({ params: { id: ownMessageId } }),
  }),
  ofRoute("POST /groups/:id/assistants", {
    ...{ ...groups, operation: "assistant.add", request: () => ({ body: { assistantId: "model-parrot" } }) },
  }),
  ofRoute("DELETE /groups/:id/assistants/:assistantId", {
    ...{ ...groups, operation: "assistant.remove" },
    prepare: (place) => (exists(place) ? hasParrot(place) : Promise.resolve()),
    request: () => ({ params: { assistantId: "model-parrot" } }),
  }),
  stops("reply.stop_own", "caller"),
  stops("reply.stop_any", "another"),
  ofRoute("POST /messages/:id/regenerate", {
    ...{ ...chats, operation: "reply.regenerate", hidden: "message.not_found" },
    request: ({ ownMessageId }) => ({ params: { id: ownMessageId } }),
  }),
  ofRoute("POST /messages/:id/regenerate", {
    ...{ ...groups, title: "in a group", operation: "reply.regenerate", hidden: "message.not_found" },
    // No assistant of the group has answered this message.
    but: Object.fromEntries(["member", "admin", "owner"].map((each) => [each, "llm.assistant_not_found" as const])),
    request: ({ ownMessageId }) => ({ params: { id: ownMessageId } }),
  }),
  ofFrame("REPLY_ATTACH", {
    ...{ ...both, operation: "conversation.view", hidden: "llm.reply_not_found" },
    but: { dissolved: "llm.reply_not_found" },
    prepare: (place) => asksParrot(place, "another"),
    data: (place) => ({ replyId: reply(place).params.id }),
  }),
];
