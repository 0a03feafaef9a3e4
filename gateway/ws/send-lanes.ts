// Sends of one socket, a lane per conversation.
// S1: messages of a lane enter the conversation in the order in which they came in (G3): sends in flight together name
//     the one before, and while one is repeated the later ones wait.
// S2: each is answered once, SEND_ACK or ERROR; a repeat carries the same clientMsgId (G2).
// S3: what the client repeats is no link of that chain: the conversation knows it, though maybe not what was sent just
//     before the repeat.
import { Conversation, type SendMessage, type SendReceipt } from "../../actors/conversation/contract.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { RuntimeError, type RuntimeErrorKind } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { ConversationId } from "../../actors/shared/ids.ts";
import type { Connection } from "./socket/connection.ts";
import { isAway } from "./socket/persist.ts";
import { findSender, loadSender } from "./user/senders.ts";
import { encodeFrame } from "./wire/encode.ts";

export type SendLanes = Map<ConversationId, SendLane>;

interface PendingSend {
  readonly order: number;
  readonly message: SendMessage;
  readonly deadlineMs: number;
  readonly sizeBytes: number;
  /** S3 */
  readonly isRepeat: boolean;
}

/** The last ones of a socket, so that a repeat that crossed its SEND_ACK is known as one (S3). */
const maxAckedKnown = 256;
const retryPauseMsMin = 20;
const retryPauseMsMax = 500;

/** Throws common.too_many when `maxSendsInFlight` of this socket wait for their answer. */
export function submit(
  connection: Connection,
  conversationId: ConversationId,
  sizeBytes: number,
  message: SendMessage,
): void {
  const { deps } = connection.edge;
  if (connection.sendsInFlight >= deps.limits.maxSendsInFlight) {
    throw new DomainError("common.too_many", { details: { maxSendsInFlight: deps.limits.maxSendsInFlight } });
  }
  connection.sendsInFlight += 1;
  connection.lanes ??= new Map();
  let lane = connection.lanes.get(conversationId);
  if (lane === undefined) {
    lane = new SendLane(connection, conversationId);
    connection.lanes.set(conversationId, lane);
  }
  lane.submit(message, deps.clock.nowMs() + deps.limits.sendDeadlineMs, sizeBytes);
}

export class SendLane {
  #connection: Connection;
  #conversationId: ConversationId;
  #send: (input: SendMessage, options?: CallOptions) => Promise<SendReceipt>;
  #inFlight: PendingSend[] = [];
  #waiting: PendingSend[] = [];
  /** clientMsgIds without an answer. */
  #open = new Set<string>();
  /** Why nothing is sent now: the sender's name is being read, or a send is to be repeated. */
  #isHolding = false;
  #nextOrder = 0;
  #pauseMs = retryPauseMsMin;

  constructor(connection: Connection, conversationId: ConversationId) {
    this.#connection = connection;
    this.#conversationId = conversationId;
    const conversation = connection.edge.deps.actors.get(Conversation, conversationId);
    this.#send = (input, options) => conversation.send(input, options);
  }

  submit(message: SendMessage, deadlineMs: number, sizeBytes: number): void {
    const isRepeat = this.#open.has(message.clientMsgId) || this.#connection.acked?.has(message.clientMsgId) === true;
    this.#open.add(message.clientMsgId);
    const pending: PendingSend = { order: this.#nextOrder, message, deadlineMs, sizeBytes, isRepeat };
    this.#nextOrder += 1;
    if (this.#isHolding) this.#waiting.push(pending);
    else this.#issue(pending);
  }

  #issue(pending: PendingSend): void {
    const { message } = pending;
    if (this.#connection.state === "closing") {
      this.#connection.sendsInFlight -= 1; // nobody is there to be answered: the client repeats it
      return;
    }
    const sender = findSender(this.#connection.edge, message.senderId);
    if (sender === undefined) {
      this.#waiting.push(pending);
      this.#awaitSender(message.senderId);
      return;
    }
    message.senderName = sender.name;
    message.senderAvatar = sender.avatar;
    message.afterClientMsgId = this.#before(pending);
    this.#inFlight.push(pending);
    const { deadlineMs, sizeBytes } = pending;
    this.#send(message, { deadlineMs, sizeBytes }).then(
      (receipt) => this.#sent(pending, receipt),
      (thrown: unknown) => this.#failed(pending, thrown),
    );
  }

  /** S1, S3: a repeat stands where its first one does. */
  #before({ isRepeat, message }: PendingSend): string | undefined {
    if (!isRepeat) return this.#inFlight.findLast((each) => !each.isRepeat)?.message.clientMsgId;
    const first = this.#inFlight.find((each) => !each.isRepeat && each.message.clientMsgId === message.clientMsgId);
    return first?.message.afterClientMsgId;
  }

  #awaitSender(userId: string): void {
    this.#isHolding = true;
    loadSender(this.#connection.edge, userId).then(
      () => this.#release(),
      (thrown: unknown) => this.#senderFailed(thrown),
    );
  }

  /** The user's actor may only be away: then the name is read again, for those whose time is not up. */
  #senderFailed(thrown: unknown): void {
    const nowMs = this.#connection.edge.deps.clock.nowMs();
    const mayWait = isAway(thrown) && this.#connection.state !== "closing";
    const refused = this.#waiting.filter(({ deadlineMs }) => !mayWait || nowMs >= deadlineMs);
    this.#waiting = this.#waiting.filter((pending) => !refused.includes(pending));
    this.#isHolding = this.#waiting.length > 0;
    for (const pending of refused) this.#refuse(pending, thrown);
    this.#settle();
  }

  #sent(pending: PendingSend, { messageId, seq, version, atMs }: SendReceipt): void {
    this.#remove(pending);
    noteAcked(this.#connection, pending.message.clientMsgId);
    this.#open.delete(pending.message.clientMsgId);
    this.#pauseMs = retryPauseMsMin;
    this.#connection.sendsInFlight -= 1;
    const data = { messageId, sessionId: this.#conversationId, seq, version, timestamp: atMs };
    this.#connection.send(encodeFrame("SEND_ACK", data, { msgId: pending.message.clientMsgId, timestamp: atMs }));
    this.#settle();
  }

  #failed(pending: PendingSend, thrown: unknown): void {
    this.#remove(pending);
    const isLate = this.#connection.edge.deps.clock.nowMs() >= pending.deadlineMs;
    if (!isLate && isRepeatable(thrown) && this.#connection.state !== "closing") {
      this.#isHolding = true;
      this.#waiting.push(pending);
    } else this.#refuse(pending, thrown);
    this.#settle();
  }

  #refuse(pending: PendingSend, thrown: unknown): void {
    this.#open.delete(pending.message.clientMsgId);
    this.#connection.sendsInFlight -= 1;
    const isPlain = !(thrown instanceof DomainError && thrown.error === "message.out_of_order");
    const told = isPlain ? thrown : new DomainError("common.unavailable", { cause: thrown });
    this.#connection.sendError(told, pending.message.clientMsgId);
  }

  /** What still is in flight is awaited before anything is repeated, so that the order is known. */
  #settle(): void {
    if (this.#inFlight.length > 0) return;
    if (this.#waiting.length === 0) {
      this.#connection.lanes?.delete(this.#conversationId);
      return;
    }
    this.#connection.edge.deps.clock.after(this.#pauseMs, () => this.#release());
    this.#pauseMs = Math.min(this.#pauseMs * 2, retryPauseMsMax);
  }

  #release(): void {
    if (this.#inFlight.length > 0) return; // S1: the last of them calls again
    this.#isHolding = false;
    const waiting = this.#waiting.sort((a, b) => a.order - b.order);
    this.#waiting = [];
    for (const pending of waiting) {
      if (this.#isHolding) this.#waiting.push(pending);
      else this.#issue(pending);
    }
  }

  #remove(pending: PendingSend): void {
    const index = this.#inFlight.indexOf(pending);
    if (index >= 0) this.#inFlight.splice(index, 1);
  }
}

function noteAcked(connection: Connection, clientMsgId: string): void {
  connection.acked ??= new Set();
  connection.acked.add(clientMsgId);
  if (connection.acked.size <= maxAckedKnown) return;
  const [oldest = ""] = connection.acked;
  connection.acked.delete(oldest);
}

/** The actor is away, or it was refused for its order only. What was decided after all is answered again (G2). */
function isRepeatable(thrown: unknown): boolean {
  if (thrown instanceof DomainError) return thrown.error === "message.out_of_order";
  if (!(thrown instanceof RuntimeError)) return false;
  return repeatable.has(thrown.kind);
}
const repeatable: ReadonlySet<RuntimeErrorKind> = new Set(["overloaded", "draining", "not_owner", "unreachable"]);
