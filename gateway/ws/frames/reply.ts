// A device that missed pieces of a reply, or opens the conversation while one is written, goes on from a number.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { Reply, type ReplyView } from "../../../actors/reply/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { addressOf } from "../../../actors/shared/ids.ts";
import { id, optionalSeq, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { takeOrRefuse } from "../../kit/rate-limit.ts";
import type { Client } from "../intake/client.ts";
import { encodeFrame } from "../wire/encode.ts";
import { callerOf } from "./caller.ts";
import { type ClientFrame, clientFrame, type FrameDeps, type Incoming } from "./client-frame.ts";

interface AttachBody {
  replyId: string;
  /** Number of the last piece that the device has; 0: none. */
  afterSeq?: number;
  /** Of that piece: pieces of an older attempt are void. */
  attempt?: number;
}

const attachLimit = { name: "ws.reply", burst: 30, perMinute: 120 };

export const replyFrames: ClientFrame[] = [
  clientFrame<AttachBody>({
    type: "REPLY_ATTACH",
    summary:
      "Asks for the pieces of a reply after `afterSeq`: they come in one REPLY_CHUNK, after REPLY_RESET when `attempt` is over. " +
      "A reply that is over is answered REPLY_DONE; its message has the whole text.",
    answers: ["OK", "REPLY_CHUNK", "REPLY_RESET", "REPLY_DONE"],
    schema: schema<AttachBody>(
      { replyId: id, afterSeq: optionalSeq, attempt: optionalSeq },
      { example: { replyId: "247239848101999", afterSeq: 12, attempt: 1 } },
    ),
    errors: ["llm.reply_not_found"],
    handle: attach,
  }),
];

async function attach({ client, body }: Incoming<AttachBody>, deps: FrameDeps): Promise<void> {
  const { userId } = callerOf(client);
  takeOrRefuse(deps.rateLimits, attachLimit, userId);
  const replyId = stampId(body.replyId, "llm.reply_not_found");
  const { afterSeq = 0, attempt } = body;
  const asked = attempt === undefined ? { afterSeq } : { afterSeq, attempt };
  const view = await deps.actors.get(Reply, replyId).read(asked);
  await deps.actors.get(Conversation, view.conversationId).replies({ userId }).catch(hide);
  answer(client, view, { attempt, timestamp: deps.clock.nowMs() });
}

/** Whoever may not see the conversation does not learn that the reply exists. */
function hide(error: unknown): never {
  throw error instanceof DomainError ? new DomainError("llm.reply_not_found", { cause: error }) : error;
}

function answer(
  client: Client,
  view: ReplyView,
  { attempt, timestamp }: { attempt: number | undefined; timestamp: number },
): void {
  const { replyId, conversationId, replyTo, deltas, firstSeq, seq, status, error, messageId } = view;
  const place = { replyId, ...addressOf(conversationId), timestamp };
  if (attempt !== undefined && attempt !== view.attempt) {
    client.send(encodeFrame("REPLY_RESET", { ...place, attempt: view.attempt }, { timestamp }));
  }
  if (deltas.length > 0) {
    const chunk = { ...place, replyTo, attempt: view.attempt, seq, fromSeq: firstSeq, delta: deltas.join("") };
    client.send(encodeFrame("REPLY_CHUNK", chunk, { timestamp }));
  }
  if (status === "queued" || status === "running") return;
  const done = { ...place, replyTo, status, ...(messageId && { messageId }), ...(error && { error }) };
  client.send(encodeFrame("REPLY_DONE", done, { timestamp }));
}
