// Forwarding messages, singly or merged into one, and reading what was merged. The bodies come from the store.
import { createHash } from "node:crypto";
import {
  Conversation,
  type References,
  type SendMessage,
  type SendReceipt,
} from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { maxChars, maxItems } from "../../../actors/shared/limits.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { sendErrors } from "../../input/message-body.ts";
import { optionalFlag, optionalId, optionalText } from "../../input/rules.ts";
import { conversationOf, type Target, targetShape } from "../../input/target.ts";
import { schema } from "../../input/validate.ts";
import { createEnvelopes } from "../../kit/envelope.ts";
import { limits, takeOrRefuse } from "../../kit/rate-limit.ts";
import { readBodies } from "../../references/bodies.ts";
import { throwWhenGone } from "../../references/copy.ts";
import { findCopies, findMerged, inChatOrder, orRefusal } from "../../references/references.ts";
import { type ForwardResult, forwardShape, mergedShape } from "../../wire/shapes/forward.ts";
import { senderOf } from "../kit/names.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { locate, whereQuery } from "./locate.ts";

interface ForwardBody {
  messageIds: string[];
  targets: Target[];
  merge?: boolean;
  title?: string;
  clientMsgId?: string;
}
/** What is sent to each target, and the key that tells a retry. */
type Parcel = Pick<SendMessage, "contentType" | "content" | "copyOf" | "references" | "clientMsgId">;

/** Targets served at the same time; the others wait. */
const maxTargetsAtOnce = 4;

export const forwardRoutes: Route[] = [
  route({
    method: "POST",
    path: "/messages/forward",
    auth: "user",
    limit: limits.send,
    summary:
      "Forwards messages to conversations, one by one or merged into one message, in the order of the chat; clientMsgId " +
      "makes a retry the same messages",
    body: schema<ForwardBody>(
      {
        messageIds: { type: "array", items: { type: "string", min: 1, max: 64 }, min: 1, max: maxItems.forwarded },
        targets: {
          type: "array",
          items: { type: "object", props: targetShape },
          min: 1,
          max: maxItems.forwardTargets,
        },
        merge: optionalFlag,
        title: optionalText(maxChars.mergedTitle),
        clientMsgId: optionalId,
      },
      { example: { messageIds: ["247239854613728"], targets: [{ receiverId: "247239848101600" }], merge: false } },
    ),
    answers: forwardShape,
    does: ["message.send", "message.send_while_muted"],
    errors: sendErrors,
    async handle({ caller, body, edge, call, client }) {
      const messageIds = inChatOrder(body.messageIds);
      const copies = (body.merge ? 1 : messageIds.length) * body.targets.length;
      for (let i = 0; i < copies; i += 1) takeOrRefuse(edge.rateLimits, limits.forward, caller.userId);
      const key = body.clientMsgId ?? client.idempotencyKey ?? edge.random.hex(128);
      const parcels = await (body.merge
        ? mergedParcel(edge, caller, { messageIds, title: body.title ?? "", key })
        : singleParcels(edge, caller, { messageIds, key }));
      const sender = await senderOf(edge, caller.userId);
      const deliver = createDelivery(edge, caller, { ...sender, parcels }, call);
      const outcomes = await mapBounded(body.targets, maxTargetsAtOnce, deliver);
      const [first] = outcomes;
      if (first?.thrown !== undefined && outcomes.every(({ thrown }) => thrown !== undefined)) throw first.thrown;
      return { results: outcomes.map(({ result }) => result) };
    },
  }),

  route({
    method: "GET",
    path: "/messages/:id/merged",
    auth: "user",
    summary: "The whole messages that a merged_forward holds",
    query: whereQuery,
    answers: mergedShape,
    errors: ["message.not_found", "message.recalled", "session.not_found", "file.not_found"],
    async handle({ caller, params, query, edge }) {
      const { message } = await locate(edge, caller.userId, params.id, query);
      throwWhenGone(message);
      if (message.contentType !== "merged_forward") throw new DomainError("message.not_found");
      const { title = "" } = message.content as { title?: string };
      return { title, messages: await readBodies(edge, message) };
    },
  }),
];

async function mergedParcel(
  edge: Edge,
  { userId }: Caller,
  { messageIds, title, key }: { messageIds: string[]; title: string; key: string },
): Promise<Parcel[]> {
  const references = await orRefusal(() => findMerged(edge, userId, { messageIds }));
  const content = { title, messageIds };
  return [{ contentType: "merged_forward", content, references, clientMsgId: keyOf(key, "merged") }];
}

/** All or none: a message that may not be forwarded refuses the others, too. What was sent before is answered again. */
async function singleParcels(
  edge: Edge,
  { userId }: Caller,
  { messageIds, key }: { messageIds: string[]; key: string },
): Promise<Parcel[]> {
  let found: References[] = [];
  const { refusal } = await orRefusal(async () => {
    found = await findCopies(edge, userId, messageIds);
    return {};
  });
  return messageIds.map((messageId, i) => ({
    ...{ contentType: "", content: "", copyOf: messageId, clientMsgId: keyOf(key, messageId) },
    references: refusal === undefined ? found[i]! : { refusal },
  }));
}

/** A key of one message: the same for a retry, another one for each message. */
function keyOf(key: string, part: string): string {
  return createHash("sha256").update(`${key}\n${part}`).digest("hex").slice(0, 48);
}

interface Outcome {
  result: ForwardResult;
  thrown?: unknown;
}

function createDelivery(
  edge: Edge,
  { userId, deviceId }: Caller,
  { parcels, ...sender }: { parcels: readonly Parcel[]; senderName: string; senderAvatar: string },
  { commandId: _, ...options }: CallOptions,
) {
  const { explain } = createEnvelopes(edge);
  const send = (to: ConversationId, parcel: Parcel): Promise<SendReceipt> => {
    const deadlineMs = edge.clock.nowMs() + edge.limits.sendDeadlineMs;
    const command: SendMessage = { senderId: userId, deviceId, ...sender, ...parcel };
    return edge.actors.get(Conversation, to).send(command, { ...options, deadlineMs });
  };
  return async (target: Target): Promise<Outcome> => {
    try {
      const to = conversationOf(target, userId);
      const messages: ForwardResult["messages"] = [];
      for (const parcel of parcels) {
        const { messageId, seq, atMs } = await send(to, parcel);
        messages.push({ messageId, seq, timestamp: atMs });
      }
      return { result: { ok: true, sessionId: to, messages } };
    } catch (thrown) {
      const { code, message } = explain(thrown, options.traceId ?? "", "POST /messages/forward");
      return { thrown, result: { ok: false, code: Number(code), codeStr: code, message } };
    }
  };
}
