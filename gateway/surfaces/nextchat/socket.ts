// POST /api/chat/stream over a socket: a frame is the body of the POST; the chunks of its answer follow, one in a frame, then the
// text [DONE], or an error. Frames are answered one after another.
import { chunkOfAnswer } from "../../../actors/llm/answer.ts";
import type { Chunk } from "../../../actors/llm/chunk.ts";
import type { RelaySink } from "../../../actors/relay/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { createEnvelopes } from "../../kit/envelope.ts";
import { limits } from "../../kit/rate-limit.ts";
import { admitUser } from "../../rest/admission.ts";
import { parseBody } from "../../v1/body.ts";
import { payerOf } from "../../v1/caller.ts";
import { chatRequestOf } from "../../v1/chat-completions.ts";
import { bodyOfError, errorOfFailure } from "../../v1/errors.ts";
import { conversationOfChat } from "../conversations/chats.ts";
import type { Principal } from "../kit/principal.ts";
import { nextchat, statusOn } from "../kit/surface.ts";
import type { Opening, SurfaceSocket, Talk } from "../sockets/surface-socket.ts";
import { askingOf } from "../sockets/talk.ts";
import { viewerCodes } from "../sockets/viewer.ts";
import { passThroughOf } from "./pass-through.ts";
import { askInSession } from "./session-answer.ts";
import { errorChunk, writeAnswer } from "./session-chunks.ts";

/** Frames of one socket that wait for their answers; more are answered by an error. */
const maxWaiting = 32;
const endpoint = "/api/chat/stream";

export const nextchatSocket: SurfaceSocket = {
  takesKeys: true,
  idIn: (path) => (path === endpoint ? "" : undefined),
  closeCodeOf: () => viewerCodes.unavailable,
  open: async (opening) => new ChatTalk(opening),
};

class ChatTalk implements Talk {
  readonly #opening: Opening;
  readonly #gone = new AbortController();
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  received(_frame: unknown, text: string): void {
    if (this.#waiting >= maxWaiting) {
      this.#fail(new DomainError("common.too_many"));
      return;
    }
    this.#waiting += 1;
    this.#last = this.#last
      .then(() => (this.#gone.signal.aborted ? undefined : this.#answer(text)))
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#waiting -= 1;
      });
  }
  malformed(error: DomainError): void {
    this.#fail(error);
  }
  closed(): void {
    this.#gone.abort();
  }
  /** An answer of a session is followed by itself. */
  notified(): void {}
  missed(): void {}

  async #answer(text: string): Promise<void> {
    const { edge } = this.#opening;
    const principal = await this.#opening.authenticates();
    const { userId } = principal;
    await admitUser(edge, { limit: limits.send }, userId);
    const bytes = Buffer.from(text);
    const { value } = parseBody(bytes);
    const sessionId = value.session_id ?? value.sessionId;
    if (sessionId === undefined || sessionId === null) return this.#passThrough(principal, bytes, value);
    const conversationId = conversationOfChat(String(sessionId));
    const asked = await askInSession(askingOf(this.#opening), conversationId, value, {});
    const { promise, resolve } = Promise.withResolvers<void>();
    const { viewer } = this.#opening;
    const stop = writeAnswer({ edge, userId }, asked, 0, {
      chunk: (chunk) => viewer.send(chunk),
      reset: () => viewer.send({ type: "reset" }),
      fail(code, message) {
        viewer.send(errorChunk(code, message));
        resolve();
      },
      complete() {
        viewer.send("[DONE]");
        resolve();
      },
    });
    this.#gone.signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    stop();
  }

  async #passThrough(principal: Principal, bytes: Buffer, value: Readonly<Record<string, unknown>>): Promise<void> {
    const { edge, viewer } = this.#opening;
    if (!edge.llm) throw new DomainError("common.unavailable");
    const as = { ...passThroughOf(value), endpoint, isStream: true };
    const { showsUsage, ...request } = await chatRequestOf(edge.llm, payerOf(principal), bytes, as);
    const send = (chunk: Chunk) => {
      const { usage, ...rest } = chunk;
      if (showsUsage || !usage) viewer.send(chunk);
      else if (chunk.choices?.length) viewer.send(rest);
    };
    const requestId = edge.random.hex(128);
    const sink: RelaySink = {
      event(_, chunk) {
        if (chunk) send(chunk);
        return undefined;
      },
    };
    const end = await edge.llm.relay.run({ ...request, requestId, signal: this.#gone.signal }, sink);
    if (end.failure) return viewer.send(withMessage(JSON.parse(bodyOfError(errorOfFailure(end.failure)))));
    if (end.kind === "left") return;
    if (end.whole) send(chunkOfAnswer(end.whole.json as object) as Chunk);
    viewer.send("[DONE]");
  }

  #fail(thrown: unknown): void {
    const { edge, viewer } = this.#opening;
    const error = createEnvelopes(edge).explain(thrown, edge.random.hex(128), `WS ${endpoint}`);
    const failure = { error, status: statusOn(nextchat, error), partOf: () => "body" as const };
    viewer.send(nextchat.failure(failure) as object);
  }
}

function withMessage(body: { error: { message: string } }): object {
  return { ...body, message: body.error.message };
}
