// The socket of a conversation of the one-to-one chat: messages go in, the pieces of their replies come out.
import { DomainError } from "../../../actors/shared/errors.ts";
import { takeWhereItHolds } from "../../kit/rate-limit.ts";
import { findChat } from "../conversations/chats.ts";
import { sendToChat } from "../conversations/messages.ts";
import { chat } from "../kit/surface.ts";
import { ReplyStream } from "../sockets/reply-stream.ts";
import type { Opening, SurfaceSocket, Talk } from "../sockets/surface-socket.ts";
import { askingOf, repliesOf, sentenceOf } from "../sockets/talk.ts";
import { viewerCodes } from "../sockets/viewer.ts";
import { refuseWithoutModel } from "./answerable.ts";
import { conversationIn } from "./input.ts";

/** Messages of one socket that wait to be sent; more are answered by an error. */
const maxWaiting = 32;

export const chatSocket: SurfaceSocket = {
  idIn: (path) => /^\/ws\/conversations\/([^/]+)$/.exec(path)?.[1],
  closeCodeOf: ({ kind }) =>
    kind === "not_found" || kind === "invalid" ? viewerCodes.notFound : viewerCodes.unavailable,
  open,
};

async function open(opening: Opening): Promise<Talk> {
  const { viewer, edge, id, query } = opening;
  const conversationId = conversationIn(id);
  await findChat(askingOf(opening), conversationId);
  const sayError = (thrown: unknown) => viewer.send({ type: "error", message: sentenceOf(thrown) });
  const stream = new ReplyStream({
    ...repliesOf(opening, conversationId),
    failed: sayError,
    listener: {
      chunk: ({ delta }) => viewer.send({ type: "chunk", content: delta }),
      reset: () => viewer.send({ type: "reset" }),
      done: ({ status, error }) =>
        viewer.send(status === "failed" ? { type: "error", message: error?.message ?? "" } : { type: "done" }),
    },
  });
  stream.attach(offsetOf(query.get("offset")));
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  async function send(content: string): Promise<void> {
    if (chat.userLimit) await takeWhereItHolds(edge.rateLimits, chat.userLimit, viewer.caller.userId);
    await refuseWithoutModel(askingOf(opening));
    await sendToChat(askingOf(opening), conversationId, { contentType: "text", content }, { surface: "chat" });
  }

  return {
    received(frame) {
      const content = contentOf(frame);
      if (content === undefined) return sayError(new DomainError("gateway.malformed"));
      if (waiting >= maxWaiting) return sayError(new DomainError("common.too_many"));
      waiting += 1;
      // In the order in which they came.
      last = last
        .then(() => send(content))
        .catch(sayError)
        .finally(() => {
          waiting -= 1;
        });
    },
    malformed: sayError,
    notified(notification) {
      if (notification.data.sessionId !== conversationId) return;
      if (notification.type === "session.chat_deleted") viewer.close(viewerCodes.notFound, "session.not_found");
      else stream.notified(notification);
    },
    missed: () => stream.attach(),
  };
}

/** Undefined for any other frame. */
function contentOf(frame: unknown): string | undefined {
  const { type, content } = (frame ?? {}) as { type?: unknown; content?: unknown };
  return type === "message" && typeof content === "string" && content !== "" ? content : undefined;
}

function offsetOf(text: string | null): number {
  const offset = Number(text ?? 0);
  return Number.isSafeInteger(offset) && offset > 0 ? offset : 0;
}
