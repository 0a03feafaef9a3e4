// What one login sees and does: the client of the server, and what the pages are drawn from. Made at the login, and left at its
// end.

import { showToast } from "../../../browser/kit/toasts.ts";
import type { Message, OutgoingMessage, ServerFrame } from "../../../client/base/wire.ts";
import type { Client } from "../../../client/client.ts";
import type { HeldReply } from "../../../client/replica/replies.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import { Chats } from "./chats.ts";
import { Friends } from "./friends.ts";
import { Line } from "./line.ts";
import { People } from "./people.ts";
import { Phone } from "./phone.ts";
import { Pictures } from "./pictures.ts";
import { Presence } from "./presence.ts";
import { lineOf } from "./preview.ts";
import { RunningReplies } from "./running-replies.ts";
import { Thread } from "./thread.ts";
import type { UnsentMessages } from "./unsent.ts";
import { Uploads } from "./uploads.ts";

/** Threads kept; of one more the thread that was opened longest ago is dropped. */
const maxThreads = 30;
/** Changes of lists within so long are loaded together. */
const listPauseMs = 150;
const typingEveryMs = 3_000;

export class Desk {
  readonly client: Client;
  readonly people: People;
  readonly presence = new Presence();
  readonly chats: Chats;
  readonly friends: Friends;
  readonly unsent: UnsentMessages;
  readonly line: Line;
  readonly replies = new RunningReplies();
  readonly pictures: Pictures;
  readonly uploads: Uploads;
  readonly phone: Phone;
  /** A message of somebody else arrived live. */
  onArrival: (sessionId: string, message: Message) => void = () => {};
  readonly #threads = new Map<string, Thread>();
  #listTimer: ReturnType<typeof setTimeout> | undefined;
  #typedAtMs = 0;
  /** Conversation → seq of the newest message of others for which this socket has sent a read receipt. */
  readonly #readSeqs = new Map<string, number>();

  constructor(client: Client, unsent: UnsentMessages) {
    this.client = client;
    this.unsent = unsent;
    const { api, replica } = client;
    this.people = new People((userId) => api.users.get(userId));
    this.chats = new Chats(api, replica, this.people);
    this.friends = new Friends(api, this.people, this.presence);
    this.line = new Line(client);
    this.pictures = new Pictures(client);
    this.uploads = new Uploads({ client, pictures: this.pictures, send: (message) => this.send(message) });
    this.phone = new Phone({
      client,
      userId: () => this.userId,
      failed: showFailure,
      ended: (outcome = "cancelled") => showToast(t(`call.outcome.${outcome}`)),
    });
    unsent.onSent = (receipt) => this.replies.expect(receipt);
    this.#listen();
  }

  get userId(): string {
    return this.client.session.tokens?.userId ?? this.client.replica.userId;
  }

  async start(): Promise<void> {
    await this.unsent.restore();
    // The list is loaded first: its counts are the start of the replica, and the first SYNC brings what happened since.
    await Promise.all([this.chats.load(), this.friends.load()]);
    this.client.connect().catch(() => {}); // the line shows why
  }

  thread(sessionId: string): Thread {
    const known = this.#threads.get(sessionId);
    const thread = known ?? new Thread(sessionId, this.client.api, this.userId);
    this.#threads.delete(sessionId);
    this.#threads.set(sessionId, thread);
    if (this.#threads.size > maxThreads) this.#threads.delete(this.#threads.keys().next().value!);
    return thread;
  }

  send(message: OutgoingMessage): void {
    this.unsent.send(message);
    // A message ends the sign of typing at its receivers: the next key has to show the sign again.
    this.#typedAtMs = 0;
  }

  typing(sessionId: string): void {
    if (Date.now() - this.#typedAtMs < typingEveryMs) return;
    this.#typedAtMs = Date.now();
    this.client.typing(sessionId);
  }

  /** Sends a read receipt for what is on the screen, once per socket: a receipt on a lost socket may not have arrived. */
  read({ sessionId, messages, lastSeq }: Thread): void {
    const theirs = messages.findLast(({ senderId }) => senderId !== this.userId)?.seq ?? 0;
    const isCounted = (this.client.replica.find(sessionId)?.unreadCount ?? 0) > 0;
    if (theirs === 0 || (theirs <= (this.#readSeqs.get(sessionId) ?? 0) && !isCounted)) return;
    if (!this.client.read(sessionId, lastSeq)) return;
    this.#readSeqs.set(sessionId, theirs);
    this.chats.counted();
  }

  /** The conversation with a user, made when there is none yet. */
  async open(userId: string): Promise<string> {
    const known = this.chats.list.find((entry) => entry.sessionType === "single" && entry.userId === userId);
    if (known) return known.sessionId;
    const { sessionId } = await this.client.api.sessions.open(userId);
    await this.chats.load();
    if (!this.chats.find(sessionId)) this.chats.add(emptyChat(sessionId, userId, this.people.get(userId).name));
    return sessionId;
  }

  async leave(): Promise<void> {
    clearTimeout(this.#listTimer);
    this.line.leave();
    await this.phone.end();
    await this.client.close();
  }

  /** The lists have changed, on this device or another. */
  listsChanged(): void {
    clearTimeout(this.#listTimer);
    this.#listTimer = setTimeout(() => {
      void this.chats.load();
      void this.friends.load().then(() => this.#watchPresence());
    }, listPauseMs);
  }

  #listen(): void {
    const { client, chats } = this;
    client.on("messages", ({ id }, messages, { isLive }) => this.#arrived(id, messages, isLive));
    client.on("changed", ({ id }, event) => {
      this.#threads.get(id)?.change(event);
      if (event.type === "edited") {
        chats.edit(id, event.messageId, lineOf({ content: event.content, contentType: "text" }));
      } else if (event.type === "recalled" || event.type === "expired") chats.edit(id, event.messageId, "");
      else if (event.type !== "read") this.listsChanged();
      chats.counted();
    });
    client.on("left", ({ id }) => {
      this.#threads.delete(id);
      chats.drop(id);
      this.listsChanged();
    });
    client.on("lists", () => this.listsChanged());
    client.on("replaced", () => this.#refresh());
    client.on("frame", (frame) => this.#note(frame));
    client.on("reply", (reply) => this.#replied(reply));
    client.on("lost", () => this.#readSeqs.clear());
    client.on("ready", () => {
      this.#refresh();
      this.listsChanged();
      this.uploads.resume();
    });
  }

  #arrived(sessionId: string, messages: readonly Message[], isLive: boolean): void {
    const last = messages.at(-1);
    if (!last) return;
    for (const { senderId, senderName, senderAvatar } of messages)
      this.people.learn(senderId, senderName, senderAvatar);
    this.#threads.get(sessionId)?.take(messages);
    this.replies.over(messages);
    if (!this.chats.arrive(sessionId, last)) this.listsChanged();
    if (isLive) for (const each of messages) if (each.senderId !== this.userId) this.onArrival(sessionId, each);
  }

  /** Loads the held threads again: they may lack what happened while the connection was lost. */
  #refresh(): void {
    for (const thread of this.#threads.values()) if (thread.state !== "new" && !thread.hasNewer) void thread.load();
  }

  #note(frame: ServerFrame): void {
    const { type, data = {} } = frame;
    this.presence.take(frame);
    const thread = this.#threads.get(String(data.sessionId));
    if (type === "MESSAGE_DELIVERED" || type === "GROUP_MESSAGE_READ") thread?.receipt(frame);
    if (type === "MESSAGE_DELETED") thread?.remove((data.messageIds ?? []) as string[]);
    if (type !== "NOTIFICATION") return;
    if (data.type === "message.deleted") thread?.remove([], Number(data.clearedSeq ?? 0));
    if (/^(friend|group|session|conversation|user)[._]/.test(String(data.type))) this.listsChanged();
  }

  #replied(reply: HeldReply): void {
    this.replies.take({ ...reply });
  }

  async #watchPresence(): Promise<void> {
    const userIds = this.friends.list.map(({ userId }) => userId).slice(0, 500);
    if (userIds.length > 0 && this.client.isOpen) await this.client.watchPresence(userIds).catch(() => {});
  }
}

function emptyChat(sessionId: string, userId: string, name: string) {
  const counts = { unreadCount: 0, seq: 0, version: 0, readSeq: 0 };
  const flags = { isPinned: false, pinnedAt: 0, isMuted: false };
  const what = { sessionId, sessionType: "single", userId, name, avatar: "" } as const;
  return { ...what, ...counts, ...flags, updatedAt: Date.now(), lastMessage: null };
}
