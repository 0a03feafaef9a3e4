// The socket of a session of the image surface: every device of the user sees messages, images and edits as they happen.
import { File } from "../../../actors/file/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import type { FramedNotification } from "../../../actors/shared/notification.ts";
import { fileAddresses } from "../../files/addresses.ts";
import { chatIdOf, conversationOfChat, findChat } from "../conversations/chats.ts";
import { type ChatMessage, chatMessageOf, findChatMessage } from "../conversations/messages.ts";
import { isoTime } from "../identity/account.ts";
import { messageOnWire, sessionOnWire } from "../shared/session.ts";
import { ReplyStream } from "../sockets/reply-stream.ts";
import type { Opening, SurfaceSocket, Talk } from "../sockets/surface-socket.ts";
import { askingOf, repliesOf, sentenceOf } from "../sockets/talk.ts";
import { viewerCodes } from "../sockets/viewer.ts";
import { imageOnWire } from "./image-shape.ts";

export const imageSocket: SurfaceSocket = {
  idIn: (path) => /^\/ws\/(?!conversations$)([^/]+)$/.exec(path)?.[1],
  closeCodeOf: ({ kind }) =>
    kind === "not_found" || kind === "forbidden" || kind === "invalid"
      ? viewerCodes.forbidden
      : viewerCodes.unavailable,
  async open(opening) {
    const { viewer, query, id } = opening;
    const claimed = query.get("userId");
    if (claimed !== null && claimed !== viewer.caller.userId) throw new DomainError("common.forbidden");
    const talk = new ImageTalk(opening);
    await talk.join(id, "connected");
    return talk;
  },
};

class ImageTalk implements Talk {
  readonly #opening: Opening;
  #conversationId: ConversationId = "";
  #stream: ReplyStream | undefined;
  /** Messages are read one after the other, so that their events keep their order. */
  #last: Promise<void> = Promise.resolve();

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  /** Throws session.not_found for a session of somebody else. */
  async join(sessionId: string, type: "connected" | "session_joined"): Promise<void> {
    const conversationId = conversationOfChat(sessionId);
    await findChat(askingOf(this.#opening), conversationId);
    this.#conversationId = conversationId;
    const { userId } = this.#opening.viewer.caller;
    this.#send(type, { userId });
    this.#stream = this.#createStream(conversationId);
    this.#stream.attach();
  }

  received(frame: unknown): void {
    const { type, payload } = (frame ?? {}) as { type?: unknown; payload?: unknown };
    const { sessionId, isTyping } = (payload ?? {}) as { sessionId?: unknown; isTyping?: unknown };
    if (type === "join_session" && typeof sessionId === "string") {
      this.join(sessionId, "session_joined").catch((error: unknown) => this.#sayError(error));
    } else if (type === "typing" && typeof isTyping === "boolean") {
      this.#showTyping(isTyping, sessionId);
    } else if (type !== "ping") this.#sayError(new DomainError("gateway.malformed"));
  }

  malformed(error: DomainError): void {
    this.#sayError(error);
  }

  notified(notification: FramedNotification): void {
    const { type, data } = notification;
    if (data.sessionId !== this.#conversationId) return;
    this.#stream?.notified(notification);
    const messageId = String(data.messageId ?? "");
    if (type === "message.new") this.#later(() => this.#showMessage("message", messageId));
    else if (type === "message.edited") this.#later(() => this.#showMessage("edit", messageId));
    else if (type === "message.recalled") this.#send("delete", { payload: { messageId } });
    else if (type === "message.superseded") this.#send("delete", { payload: { messageId } });
    // A picture that was made is shown with its message.
    else if (type === "file.available" && data.purpose !== "generated")
      this.#later(() => this.#showImage(String(data.fileId)));
    else if (type === "file.removed") this.#send("image_deleted", { payload: { imageId: data.fileId } });
    else if (type === "session.chat_updated") this.#later(() => this.#showSession());
    else if (type === "session.chat_deleted") this.#opening.viewer.close(viewerCodes.forbidden, "session.not_found");
  }

  missed(): void {
    this.#stream?.attach();
    // What happened meanwhile is read by the client, as after a reconnect.
    this.#send("sync", {});
  }

  /** To the other devices in this session. `sessionId` as the client named it, which it may leave out. */
  #showTyping(isTyping: boolean, sessionId: unknown): void {
    const { viewer, others } = this.#opening;
    const { userId } = viewer.caller;
    const id = chatIdOf(this.#conversationId);
    if (sessionId !== undefined && sessionId !== id) {
      this.#sayError(new DomainError("session.not_found"));
      return;
    }
    const event = { type: "typing", sessionId: id, userId, payload: { sessionId: id, userId, isTyping } };
    for (const other of others()) if (other instanceof ImageTalk) other.#shows(id, event);
  }

  #shows(sessionId: string, event: object): void {
    if (chatIdOf(this.#conversationId) === sessionId) this.#opening.viewer.send(event);
  }

  #createStream(conversationId: ConversationId): ReplyStream {
    return new ReplyStream({
      ...repliesOf(this.#opening, conversationId),
      failed: (error) => this.#sayError(error),
      listener: {
        chunk: ({ replyId, seq, delta }) => this.#send("chunk", { payload: { replyId, seq, text: delta } }),
        reset: (replyId) => this.#send("reset", { payload: { replyId } }),
        done: ({ replyId, status, error }) =>
          this.#send("done", { payload: { replyId, status, ...(error && { error }) } }),
      },
    });
  }

  /** After a change, of its title for example. */
  async #showSession(): Promise<void> {
    const session = sessionOnWire(await findChat(askingOf(this.#opening), this.#conversationId));
    this.#send("session_updated", { payload: session, session });
  }

  /** The whole message, and the images that it holds. */
  async #showMessage(type: "message" | "edit", messageId: string): Promise<void> {
    const { message: stored } = await findChatMessage(askingOf(this.#opening), messageId, this.#conversationId);
    const message: ChatMessage = chatMessageOf(stored);
    const payload = messageOnWire(message);
    this.#send(type, { payload, message: payload });
    for (const imageId of message.imageIds) await this.#showImage(imageId, messageId);
  }

  async #showImage(imageId: string, messageId?: string): Promise<void> {
    const { edge, base } = this.#opening;
    const file = await edge.actors.get(File, imageId).view({});
    const image = imageOnWire(file, fileAddresses(edge, base));
    this.#send("image", { payload: { ...image, ...(messageId !== undefined && { messageId }) }, image });
  }

  #later(work: () => Promise<void>): void {
    this.#last = this.#last.then(work).catch((error: unknown) => {
      // A message that is gone by now has an event of its own.
      if (!(error instanceof DomainError && error.kind === "not_found")) this.#sayError(error);
    });
  }

  #send(type: string, more: object): void {
    const { edge, viewer } = this.#opening;
    const timestamp = isoTime(edge.clock.nowMs());
    viewer.send({ type, sessionId: chatIdOf(this.#conversationId), timestamp, ...more });
  }

  #sayError(thrown: unknown): void {
    const message = sentenceOf(thrown);
    this.#send("error", { message, payload: { message } });
  }
}
