// The messages of one conversation, as the page shows them: a window of the history that grows by scrolling, and what happens
// live at its end.
import type { Api } from "../../../client/api/api.ts";
import type { ConversationEvent, Message, ServerFrame } from "../../../client/base/wire.ts";
import { Source } from "../base/source.ts";
import { mergeMessage, mergePage } from "./merge.ts";
import { textIn } from "./preview.ts";

const pageSize = 40;
/** Messages kept of a thread; more are dropped at the end opposite to the one that grew, and are loaded again by scrolling. */
const maxKept = 400;

export class Thread extends Source {
  readonly sessionId: string;
  messages: readonly Message[] = [];
  state: "new" | "loading" | "ready" | "failed" = "new";
  hasOlder = false;
  /** Newer messages than the held ones exist: the user has jumped into the past. */
  hasNewer = false;
  isLoadingOlder = false;
  isLoadingNewer = false;
  /** How far the other user of a chat of two has read, and has received. */
  otherReadSeq = 0;
  deliveredSeq = 0;
  /** Members who have read a message of one's own in a group. */
  readonly readCounts = new Map<string, number>();
  readonly #api: Api;
  readonly #userId: string;
  /** Messages that arrived before the page which they follow. */
  readonly #early: Message[] = [];
  #loading: Promise<void> | undefined;
  #isStale = false;

  constructor(sessionId: string, api: Api, userId: string) {
    super();
    this.sessionId = sessionId;
    this.#api = api;
    this.#userId = userId;
  }

  /** How far the other user has read: in a chat of two a message shows that its sender has read the messages before it. */
  get theirReadSeq(): number {
    const theirs = this.sessionId.startsWith("s_")
      ? this.messages.findLast(({ senderId }) => senderId !== this.#userId)
      : undefined;
    return Math.max(this.otherReadSeq, theirs?.seq ?? 0);
  }

  get lastSeq(): number {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** Loads the newest page, once at a time. A call while a page is loading brings one more load; held messages stay shown. */
  load(): Promise<void> {
    this.#isStale = true;
    this.#loading ??= this.#loadAll().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadAll(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      if (this.messages.length === 0) this.state = "loading";
      this.changed();
      await this.#loadNewest();
      this.changed();
    }
  }

  async #loadNewest(): Promise<void> {
    try {
      const { messages, hasMore } = await this.#api.messages.history(this.sessionId, { limit: pageSize });
      // Without an overlap there is a hole between the held messages and the page.
      const joins = (messages[0]?.seq ?? 0) <= this.lastSeq + 1 && !this.hasNewer;
      const isLonger = joins && (this.messages[0]?.seq ?? Number.POSITIVE_INFINITY) < (messages[0]?.seq ?? 0);
      this.messages = joins ? mergePage(this.messages, messages) : messages;
      if (!isLonger) this.hasOlder = hasMore;
      this.hasNewer = false;
      this.state = "ready";
      // These messages are in the page or newer than the page. A hole between both is not asked for again.
      for (const message of this.#early.splice(0)) this.messages = mergeMessage(this.messages, message);
    } catch {
      if (this.messages.length === 0) this.state = "failed";
    }
  }

  async loadOlder(): Promise<void> {
    const first = this.messages[0];
    if (!first || !this.hasOlder || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    this.changed();
    try {
      const asked = { startSeq: Math.max(1, first.seq - 1), limit: pageSize, direction: "backward" } as const;
      const { messages, hasMore } = await this.#api.messages.history(this.sessionId, asked);
      const all = mergePage(this.messages, messages);
      this.messages = all.slice(0, maxKept);
      if (all.length > maxKept) this.hasNewer = true;
      this.hasOlder = hasMore && first.seq > 1;
    } catch {
      // The next scroll asks again.
    } finally {
      this.isLoadingOlder = false;
      this.changed();
    }
  }

  async loadNewer(): Promise<void> {
    if (!this.hasNewer || this.isLoadingNewer) return;
    this.isLoadingNewer = true;
    try {
      const asked = { startSeq: this.lastSeq + 1, limit: pageSize, direction: "forward" } as const;
      const { messages, hasMore } = await this.#api.messages.history(this.sessionId, asked);
      const all = mergePage(this.messages, messages);
      this.messages = all.slice(-maxKept);
      if (all.length > maxKept) this.hasOlder = true;
      this.hasNewer = hasMore;
    } catch {
      // The next scroll asks again.
    } finally {
      this.isLoadingNewer = false;
      this.changed();
    }
  }

  /** Loads the messages around a message, in place of those that are held. */
  async jumpTo(messageId: string): Promise<void> {
    if (this.messages.some((message) => message.messageId === messageId)) return;
    const { messages, hasBefore, hasAfter } = await this.#api.messages.context(messageId);
    this.messages = messages;
    this.hasOlder = hasBefore;
    this.hasNewer = hasAfter;
    this.state = "ready";
    this.changed();
  }

  /** Live, or missed while the connection was away. */
  take(messages: readonly Message[]): void {
    if (this.state === "loading") this.#early.push(...messages);
    if (this.state !== "ready" || this.hasNewer) return;
    const [first] = messages;
    // A seq that this user has deleted is missing for good. Loading the newest page shows that as well.
    if (first && first.seq > this.lastSeq + 1) {
      this.#early.push(...messages);
      void this.load();
      return;
    }
    for (const message of messages) this.messages = mergeMessage(this.messages, message);
    if (this.messages.length > maxKept) {
      this.messages = this.messages.slice(-maxKept);
      this.hasOlder = true;
    }
    this.changed();
  }

  change(event: ConversationEvent): void {
    const { type, messageId, seq = 0, userId } = event;
    if (type === "read" && userId !== this.#userId) this.otherReadSeq = Math.max(this.otherReadSeq, seq);
    if (type === "superseded") this.messages = this.messages.filter((message) => message.messageId !== messageId);
    if (type === "recalled" || type === "expired") this.#replace(messageId, { status: type, content: null });
    if (messageId !== undefined) this.#requote(messageId, event);
    if (type === "pinned") this.#replace(messageId, { isPinned: event.on === true });
    if (type === "reacted") this.#react(event);
    if (type === "edited" && event.content !== undefined)
      this.#replace(messageId, { content: event.content, editedAt: event.timestamp ?? Date.now() });
    this.changed();
  }

  /** Deleted for this user, or cleared up to `clearedSeq`. */
  remove(messageIds: readonly string[], clearedSeq = 0): void {
    this.messages = this.messages.filter(({ messageId, seq }) => seq > clearedSeq && !messageIds.includes(messageId));
    if (clearedSeq > 0) this.hasOlder = false;
    this.changed();
  }

  /** Receipts, which the replica does not hold. */
  receipt({ type, data = {} }: ServerFrame): void {
    if (type === "MESSAGE_DELIVERED") this.deliveredSeq = Math.max(this.deliveredSeq, Number(data.seq));
    else this.readCounts.set(String(data.messageId), Number(data.readCount));
    this.changed();
  }

  /** Changes the quotes in the messages that answer this one. */
  #requote(messageId: string, { type, content }: ConversationEvent): void {
    const isEnd = type === "recalled" || type === "expired";
    if (!isEnd && !(type === "edited" && content !== undefined)) return;
    this.messages = this.messages.map((each) => {
      if (each.replyTo !== messageId || !each.quote) return each;
      if (!isEnd) return { ...each, quote: { ...each.quote, content: textIn(content) } };
      return { ...each, quote: { ...each.quote, content: "", status: type } };
    });
  }

  #react({ messageId, reactions = [] }: ConversationEvent): void {
    const known = this.messages.find((each) => each.messageId === messageId)?.reactions ?? [];
    const shown = reactions.map(({ emoji, count, userIds }) => {
      // The frame names the first users only.
      const wasMine = known.some((each) => each.emoji === emoji && each.mine);
      return { emoji, count, mine: userIds.includes(this.#userId) || (wasMine && count > userIds.length) };
    });
    this.#replace(messageId, { reactions: shown });
  }

  #replace(messageId: string | undefined, change: Partial<Message>): void {
    this.messages = this.messages.map((each) => {
      const isMeant = each.messageId === messageId && each.status !== "recalled";
      return isMeant ? { ...each, ...change } : each;
    });
  }
}
