// What the server tells, as lines on the screen.
import type { Book, Entry } from "./book.ts";
import type { Outbox } from "./outbox.ts";
import type { Screen } from "./screen.ts";
import { type Frame, textOf, type WireChange, type WireMessage } from "./wire.ts";

export interface NewsDeps {
  book: Book;
  outbox: Outbox;
  screen: Screen;
  me(): string;
  current(): Entry | undefined;
  /** Shown in the open conversation: the others may know. */
  seen(entry: Entry, seq: number): void;
  /** Held by this device. */
  received(entry: Entry, seq: number): void;
  /** Something is missing, or may be. */
  pull(): void;
  /** A conversation or friend is new, or gone. */
  listChanged(): void;
  /** The server asks to send it again, later. */
  retryLater(): void;
}
export interface News {
  take(frame: Frame): void;
  apply(change: WireChange): void;
  /** A page of the open conversation. */
  /** `again`: those that were shown before, too. */
  showHistory(entry: Entry, messages: readonly WireMessage[], again: boolean): void;
}

// Of a conversation that is new here; the older ones are found by /history.
const maxShownOfNew = 10;
// Refused for now only: unavailable, time-out, too many.
const passingErrors = new Set([6, 7, 9]);

export function createNews(deps: NewsDeps): News {
  const { book, outbox, screen } = deps;
  const online = new Set<string>();
  return { take, apply, showHistory };

  function take(frame: Frame): void {
    const data = frame.data ?? {};
    const entry = typeof data.sessionId === "string" ? book.get(data.sessionId) : undefined;
    if (frame.type === "NEW_MESSAGE") receive(data as unknown as WireMessage);
    else if (frame.type === "SEND_ACK" && frame.msgId && entry) acknowledged(entry, frame.msgId, data);
    else if (frame.type === "ERROR") refused(frame);
    else if (frame.type === "FORCE_LOGOUT") screen.print(String(data.message));
    else if (frame.type === "NOTIFICATION") notified(String(data.type));
    else if (entry) happened(entry, frame.type, data);
    else if (frame.type === "USER_ONLINE" || frame.type === "USER_OFFLINE") {
      presence(String(data.userId), frame.type === "USER_ONLINE");
    }
    if (entry && typeof data.version === "number" && entry.versions.add(data.version) && entry.versions.hasHole)
      deps.pull();
  }

  function presence(userId: string, isOnline: boolean): void {
    if (online.has(userId) === isOnline) return;
    if (isOnline) online.add(userId);
    else online.delete(userId);
    if (book.names.has(userId)) screen.whisper(`* ${book.nameOf(userId)} is ${isOnline ? "online" : "offline"}`);
  }

  function acknowledged(entry: Entry, msgId: string, { seq }: Record<string, unknown>): void {
    const mine = outbox.take(msgId);
    if (entry.seqs.add(Number(seq)) && mine) showOwn(entry, mine.text);
  }

  function refused({ msgId, code = 0, message }: Frame): void {
    if (msgId !== undefined && passingErrors.has(code)) deps.retryLater();
    else {
      const unsent = msgId === undefined ? undefined : outbox.take(msgId);
      screen.print(unsent ? `Not sent: ${unsent.text} (${message})` : `Refused: ${message}`);
    }
  }

  /** Live, or from a sync. */
  function receive(message: WireMessage): void {
    const { sessionId, senderId, senderName, seq } = message;
    const entry = book.get(sessionId);
    if (senderName) book.names.set(senderId, senderName);
    if (entry.name === entry.id) deps.listChanged();
    if (entry.seqs.add(seq)) {
      const mine = message.clientMsgId === undefined ? undefined : outbox.take(message.clientMsgId);
      if (mine) showOwn(entry, mine.text);
      else showMessage(message);
      if (entry === deps.current()) deps.seen(entry, seq);
      else if (senderId !== deps.me()) entry.unreadCount += 1;
    }
    deps.received(entry, seq);
  }

  function showHistory(entry: Entry, messages: readonly WireMessage[], again: boolean): void {
    for (const message of messages.toSorted((a, b) => a.seq - b.seq)) {
      if (message.senderName) book.names.set(message.senderId, message.senderName);
      if (entry.seqs.add(message.seq) || again) showMessage(message);
    }
    const newest = Math.max(0, ...messages.map(({ seq }) => seq));
    if (newest > 0) deps.seen(entry, newest);
    entry.unreadCount = 0;
  }

  function happened(entry: Entry, type: string, data: Record<string, unknown>): void {
    const userId = String(data.userId ?? "");
    const who = () => book.nameOf(userId);
    if (type === "USER_TYPING") screen.whisper(`* ${who()} is typing${placeOf(entry)}`);
    else if (type === "MESSAGE_DELIVERED") screen.whisper(`✓✓ delivered to ${who()}${placeOf(entry)}`);
    else if (type === "MESSAGE_READ" && userId !== deps.me()) screen.whisper(`✓✓ read by ${who()}${placeOf(entry)}`);
    else if (type === "GROUP_MESSAGE_READ") screen.whisper(`✓✓ read by ${data.readCount}${placeOf(entry)}`);
    else if (type === "MESSAGE_RECALLED") screen.print(`* message ${data.seq} was taken back${placeOf(entry)}`);
    else if (type === "MESSAGE_EDITED" && data.content !== undefined) {
      screen.print(`* message ${data.seq} now reads: ${textOf(data.content, "text")}${placeOf(entry)}`);
    }
  }

  function notified(type: string): void {
    if (type === "sync.request") deps.pull();
    if (/^(friend|group|session|conversation)[._]/.test(type)) deps.listChanged();
  }

  function apply(change: WireChange): void {
    if (change.type === "user") {
      deps.listChanged();
      return;
    }
    const entry = book.get(change.sessionId);
    if (change.type === "conversation_left") {
      if (entry.name !== entry.id) screen.print(`* you are no longer in ${entry.name}`);
      book.drop(entry.id);
      return;
    }
    const news = change.messages.filter(({ seq }) => !entry.seqs.has(seq));
    const skipped = change.fromVersion === 0 ? Math.max(0, news.length - maxShownOfNew) : 0;
    if (skipped > 0) screen.whisper(`* ${skipped} older messages${placeOf(entry)}: /history`);
    for (const message of news.slice(skipped)) receive(message);
    for (const { type, ...data } of change.changes) {
      const frameType = `MESSAGE_${type.toUpperCase()}`;
      if (!entry.versions.add(data.version)) continue;
      happened(entry, frameType, data);
    }
    entry.versions.raise(change.version);
    entry.seqs.raise(change.seq);
  }

  function showOwn(entry: Entry, text: string): void {
    screen.print(`${timeOf(Date.now())} you: ${text} ✓${placeOf(entry)}`);
  }

  function showMessage({ sessionId, senderId, contentType, content, timestamp, status }: WireMessage): void {
    const isMine = senderId === deps.me();
    const gone = status === "recalled" || status === "expired" ? `(${status})` : undefined;
    const receipt = !isMine || gone ? "" : status === "read" || status === "delivered" ? " ✓✓" : " ✓";
    const text = gone ?? textOf(content, contentType);
    const name = isMine ? "you" : book.nameOf(senderId);
    screen.print(`${timeOf(timestamp)} ${name}: ${text}${receipt}${placeOf(book.get(sessionId))}`);
  }

  /** Where it happened, when that is not where the person is. */
  function placeOf(entry: Entry): string {
    if (entry === deps.current()) return "";
    return entry.type === "single" ? "  (/open to answer)" : `  (in ${entry.name})`;
  }
}

function timeOf(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 5);
}
