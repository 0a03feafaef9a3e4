// What the client reports, as lines on the screen.

import { type ConversationEvent, type Message, type ServerFrame, textOf } from "../base/wire.ts";
import type { Client } from "../client.ts";
import type { Arrival } from "../replica/replica.ts";
import { Answers } from "./answers.ts";
import type { Book, Entry } from "./book.ts";
import type { Screen } from "./screen.ts";

interface NarratorDeps {
  readonly client: Client;
  readonly book: Book;
  readonly screen: Screen;
  /** The conversation that is open on the screen. */
  current(): Entry | undefined;
  /** A conversation or a friend is new, or gone. */
  listChanged(): void;
}

/** Messages shown of a conversation that is new here; /history shows older ones. */
const maxShownOfNew = 10;

export class Narrator {
  readonly #deps: NarratorDeps;
  readonly #online = new Set<string>();
  readonly answers: Answers;

  constructor(deps: NarratorDeps) {
    this.#deps = deps;
    const { client, book } = deps;
    client.on("messages", ({ id }, messages, how) => this.#arrived(book.get(id), messages, how));
    client.on("changed", ({ id }, event) => this.#changed(book.get(id), event));
    client.on("left", ({ id }) => this.#left(book.get(id)));
    client.on("lists", () => deps.listChanged());
    client.on("frame", (frame) => this.#noteFrame(frame));
    client.on("reply", (reply, added) => this.answers.take(reply, added));
    this.answers = new Answers({
      screen: deps.screen,
      nameOf: (sessionId) => book.get(sessionId).assistantName ?? "model",
      placeOf: (sessionId) => this.#placeOf(book.get(sessionId)),
    });
  }

  /** A page of the open conversation. `again`: messages that were shown before, too. */
  showHistory(entry: Entry, messages: readonly Message[], again: boolean): void {
    const { client, book } = this.#deps;
    for (const { senderId, senderName = "" } of messages) book.name(senderId, senderName);
    const news = client.replica.open(entry.id).takeHistory(messages);
    const shown = again ? messages.toSorted((a, b) => a.seq - b.seq) : news;
    for (const message of shown) this.#show(message);
    const newest = Math.max(0, ...messages.map(({ seq }) => seq));
    if (newest > 0) client.read(entry.id, newest);
    entry.unreadCount = 0;
  }

  #arrived(entry: Entry, messages: readonly Message[], { isLive, isFirst }: Arrival): void {
    const { client, book, screen, current, listChanged } = this.#deps;
    for (const { senderId, senderName = "" } of messages) book.name(senderId, senderName);
    if (entry.name === entry.id) listChanged();
    const skipped = isFirst && !isLive ? Math.max(0, messages.length - maxShownOfNew) : 0;
    if (skipped > 0) screen.whisper(`* ${skipped} older messages${this.#placeOf(entry)}: /history`);
    for (const message of messages.slice(skipped)) {
      if (!isLive || !this.answers.wasShown(message.content)) this.#show(message);
    }
    if (entry === current()) client.read(entry.id, messages.at(-1)?.seq ?? 0);
  }

  #changed(entry: Entry, { type, userId = "", seq, content }: ConversationEvent): void {
    const { client, book, screen } = this.#deps;
    const place = this.#placeOf(entry);
    if (type === "read" && userId !== client.replica.userId) {
      screen.whisper(`✓✓ read by ${book.nameOf(userId)}${place}`);
    } else if (type === "recalled") screen.print(`* message ${seq} was taken back${place}`);
    else if (type === "edited" && content !== undefined) {
      screen.print(`* message ${seq} now reads: ${textOf(content, "text")}${place}`);
    }
  }

  #left(entry: Entry): void {
    const { book, screen } = this.#deps;
    if (entry.name !== entry.id) screen.print(`* you are no longer in ${entry.name}`);
    book.drop(entry.id);
  }

  /** Typing, presence, receipts and notifications: frames that the replica does not hold. */
  #noteFrame({ type, msgId, message, data = {} }: ServerFrame): void {
    const { book, screen, listChanged } = this.#deps;
    const who = () => book.nameOf(String(data.userId));
    const place = () => this.#placeOf(book.get(String(data.sessionId)));
    if (type === "USER_TYPING") screen.whisper(`* ${who()} is typing${place()}`);
    else if (type === "MESSAGE_DELIVERED") screen.whisper(`✓✓ delivered to ${who()}${place()}`);
    else if (type === "GROUP_MESSAGE_READ") screen.whisper(`✓✓ read by ${data.readCount}${place()}`);
    else if (type === "USER_ONLINE" || type === "USER_OFFLINE") this.#presence(String(data.userId), type);
    else if (type === "FORCE_LOGOUT") screen.print(String(data.message));
    else if (type === "ERROR" && msgId === undefined) screen.print(`Refused: ${message}`);
    else if (type === "NOTIFICATION" && /^(friend|group|session|conversation)[._]/.test(String(data.type))) {
      listChanged();
    }
  }

  #presence(userId: string, type: "USER_ONLINE" | "USER_OFFLINE"): void {
    const { book, screen } = this.#deps;
    const isOnline = type === "USER_ONLINE";
    if (this.#online.has(userId) === isOnline) return;
    if (isOnline) this.#online.add(userId);
    else this.#online.delete(userId);
    if (book.knows(userId)) screen.whisper(`* ${book.nameOf(userId)} is ${isOnline ? "online" : "offline"}`);
  }

  #show({ sessionId, senderId, contentType, content, timestamp, status }: Message): void {
    const { client, book, screen } = this.#deps;
    const isOwn = senderId === client.replica.userId;
    const isGone = status === "recalled" || status === "expired";
    const { assistantName } = book.get(sessionId);
    const receipt = !isOwn || isGone ? "" : status === "read" || status === "delivered" ? " ✓✓" : " ✓";
    const text = isGone ? `(${status})` : textOf(content, contentType);
    const name = isOwn ? "you" : (assistantName ?? book.nameOf(senderId));
    screen.print(`${timeOf(timestamp)} ${name}: ${text}${receipt}${this.#placeOf(book.get(sessionId))}`);
  }

  /** The conversation, when it is not the open one. */
  #placeOf(entry: Entry): string {
    if (entry === this.#deps.current()) return "";
    return entry.type === "single" ? "  (/open to answer)" : `  (in ${entry.name})`;
  }
}

function timeOf(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 5);
}
