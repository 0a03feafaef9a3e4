// Sends of one client, a queue per conversation. The messages of a queue enter the conversation in the order in which they
// came (G3): each send in flight names the one before it, and while one is repeated the later ones wait. Each is answered
// once, SEND_ACK or ERROR; a repeat carries the same clientMsgId (G2). What the client itself repeats is no link of that
// chain: the conversation knows the message, though maybe not the one that was sent just before the repeat.
import {
  Conversation,
  type References,
  type SendMessage,
  type SendReceipt,
} from "../../../actors/conversation/contract.ts";
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { RuntimeError, type RuntimeErrorKind } from "../../../actors/runtime/errors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { Backoff } from "../../../actors/shared/backoff.ts";
import { BoundedMap } from "../../../actors/shared/bounded-map.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { isAway } from "../socket/persist.ts";
import type { Senders } from "../user/senders.ts";
import { encodeFrame } from "../wire/encode.ts";

export interface SendDeps {
  readonly actors: Actors;
  readonly senders: Senders;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly limits: { readonly maxSendsInFlight: number; readonly sendDeadlineMs: number };
}

/** The socket that the sends came from. */
interface SendOwner {
  readonly isClosing: boolean;
  send(json: string): void;
  sendError(thrown: unknown, msgId?: string): void;
}

interface PendingSend {
  readonly order: number;
  readonly message: SendMessage;
  readonly deadlineMs: number;
  readonly sizeBytes: number;
  /** The client sent this clientMsgId before. */
  readonly isRepeat: boolean;
  /** Until the messages that this one names are found. */
  references: Promise<References> | undefined;
}
interface NewSend extends Pick<PendingSend, "message" | "sizeBytes"> {
  /** Finds the messages that this one names: called once, and only for a send that is taken in. */
  find(): Promise<References> | undefined;
}

/** The latest acknowledged ones of a client, so that a repeat that crossed its SEND_ACK is known as a repeat. */
const maxAckedKnown = 256;
const retryPauseMsMin = 20;
const retryPauseMsMax = 500;

export class ClientSends {
  /** Sends without an answer. */
  inFlight = 0;
  #owner: SendOwner;
  #deps: SendDeps;
  #queues = new Map<ConversationId, SendQueue>();
  #acked = new BoundedMap<string, true>(maxAckedKnown);

  constructor(deps: SendDeps, owner: SendOwner) {
    this.#deps = deps;
    this.#owner = owner;
  }

  get isClosing(): boolean {
    return this.#owner.isClosing;
  }

  /** Throws common.too_many when `maxSendsInFlight` sends of this client wait for their answer. */
  submit(conversationId: ConversationId, send: NewSend): void {
    const { limits, clock } = this.#deps;
    if (this.inFlight >= limits.maxSendsInFlight) {
      throw new DomainError("common.too_many", { details: { maxSendsInFlight: limits.maxSendsInFlight } });
    }
    this.inFlight += 1;
    let queue = this.#queues.get(conversationId);
    if (queue === undefined) {
      queue = new SendQueue(this.#deps, this, conversationId);
      this.#queues.set(conversationId, queue);
    }
    queue.submit(send, clock.nowMs() + limits.sendDeadlineMs);
  }

  isAcked(clientMsgId: string): boolean {
    return this.#acked.has(clientMsgId);
  }

  acked(conversationId: ConversationId, clientMsgId: string, receipt: SendReceipt): void {
    const { messageId, seq, version, atMs, replyId } = receipt;
    this.#acked.set(clientMsgId, true);
    this.inFlight -= 1;
    const data = { messageId, sessionId: conversationId, seq, version, timestamp: atMs, replyId };
    this.#owner.send(encodeFrame("SEND_ACK", data, { msgId: clientMsgId, timestamp: atMs }));
  }

  refused(clientMsgId: string, thrown: unknown): void {
    this.inFlight -= 1;
    const isForOrder = thrown instanceof DomainError && thrown.error === "message.out_of_order";
    this.#owner.sendError(isForOrder ? new DomainError("common.unavailable", { cause: thrown }) : thrown, clientMsgId);
  }

  /** The socket is closing, so no answer can be sent: the client sends again at its next connection. */
  abandoned(): void {
    this.inFlight -= 1;
  }

  emptied(conversationId: ConversationId): void {
    this.#queues.delete(conversationId);
  }
}

/** The sends of one client to one conversation. */
class SendQueue {
  #deps: SendDeps;
  #client: ClientSends;
  #conversationId: ConversationId;
  #send: (input: SendMessage, options?: CallOptions) => Promise<SendReceipt>;
  #inFlight: PendingSend[] = [];
  #waiting: PendingSend[] = [];
  /** clientMsgIds without an answer. */
  #open = new Set<string>();
  /** Nothing is sent now: the sender's name or a named message is being read, or a send is to be repeated. */
  #isHolding = false;
  #nextOrder = 0;
  #backoff = new Backoff({ minMs: retryPauseMsMin, maxMs: retryPauseMsMax });

  constructor(deps: SendDeps, client: ClientSends, conversationId: ConversationId) {
    this.#deps = deps;
    this.#client = client;
    this.#conversationId = conversationId;
    const conversation = deps.actors.get(Conversation, conversationId);
    this.#send = (input, options) => conversation.send(input, options);
  }

  submit({ message, sizeBytes, find }: NewSend, deadlineMs: number): void {
    const isRepeat = this.#open.has(message.clientMsgId) || this.#client.isAcked(message.clientMsgId);
    this.#open.add(message.clientMsgId);
    const references = find();
    const pending: PendingSend = { message, sizeBytes, references, order: this.#nextOrder, deadlineMs, isRepeat };
    if (pending.references) this.#awaitReferences(pending, pending.references);
    this.#nextOrder += 1;
    if (this.#isHolding) this.#waiting.push(pending);
    else this.#issue(pending);
  }

  #issue(pending: PendingSend): void {
    const { message } = pending;
    if (this.#client.isClosing) {
      this.#client.abandoned();
      return;
    }
    if (pending.references) {
      this.#waiting.push(pending);
      this.#isHolding = true;
      return;
    }
    const sender = this.#deps.senders.find(message.senderId);
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

  /** Later sends of the queue wait with it. */
  #awaitReferences(pending: PendingSend, references: Promise<References>): void {
    references.then(
      (found) => {
        pending.message.references = found;
        pending.references = undefined;
        this.#release();
      },
      (thrown: unknown) => {
        const index = this.#waiting.indexOf(pending);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        this.#refuse(pending, thrown);
        this.#goOn();
      },
    );
  }

  /** The send that this one must follow. A repeat stands where the first one does. */
  #before({ isRepeat, message }: PendingSend): string | undefined {
    if (!isRepeat) return this.#inFlight.findLast((each) => !each.isRepeat)?.message.clientMsgId;
    const first = this.#inFlight.find((each) => !each.isRepeat && each.message.clientMsgId === message.clientMsgId);
    return first?.message.afterClientMsgId;
  }

  #awaitSender(userId: string): void {
    this.#isHolding = true;
    this.#deps.senders.load(userId).then(
      () => this.#release(),
      (thrown: unknown) => this.#senderFailed(thrown),
    );
  }

  /** The user's actor may only be unavailable for a while: then the name is read again, until the deadlines. */
  #senderFailed(thrown: unknown): void {
    const nowMs = this.#deps.clock.nowMs();
    const mayWait = isAway(thrown) && !this.#client.isClosing;
    const refused = this.#waiting.filter(({ deadlineMs }) => !mayWait || nowMs >= deadlineMs);
    this.#waiting = this.#waiting.filter((pending) => !refused.includes(pending));
    this.#isHolding = this.#waiting.length > 0;
    for (const pending of refused) this.#refuse(pending, thrown);
    this.#goOn();
  }

  #sent(pending: PendingSend, receipt: SendReceipt): void {
    this.#remove(pending);
    this.#open.delete(pending.message.clientMsgId);
    this.#backoff.reset();
    this.#client.acked(this.#conversationId, pending.message.clientMsgId, receipt);
    this.#goOn();
  }

  #failed(pending: PendingSend, thrown: unknown): void {
    this.#remove(pending);
    const isLate = this.#deps.clock.nowMs() >= pending.deadlineMs;
    if (!isLate && isRepeatable(thrown) && !this.#client.isClosing) {
      this.#isHolding = true;
      this.#waiting.push(pending);
    } else this.#refuse(pending, thrown);
    this.#goOn();
  }

  #refuse({ message: { clientMsgId } }: PendingSend, thrown: unknown): void {
    this.#open.delete(clientMsgId);
    this.#client.refused(clientMsgId, thrown);
  }

  /** Before anything is repeated, every send in flight has its answer: then the order is known. */
  #goOn(): void {
    if (this.#inFlight.length > 0) return;
    if (this.#waiting.length === 0) {
      this.#client.emptied(this.#conversationId);
      return;
    }
    this.#deps.clock.after(this.#backoff.next(), () => this.#release());
  }

  #release(): void {
    if (this.#inFlight.length > 0) return; // the last of them calls again
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

/** The actor is unavailable, or the send was refused for its order only. A send that was decided after all is answered again (G2). */
function isRepeatable(thrown: unknown): boolean {
  if (thrown instanceof DomainError) return thrown.error === "message.out_of_order";
  return thrown instanceof RuntimeError && repeatableKinds.has(thrown.kind);
}
const repeatableKinds: ReadonlySet<RuntimeErrorKind> = new Set(["overloaded", "not_owner", "unreachable"]);
