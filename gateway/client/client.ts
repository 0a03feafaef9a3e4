// A device of a user: logs in, stays connected, sends, and holds what the user sees. Made of parts that also stand alone:
// session and api (REST), connection, outbox, acks, sync, replica.
import { Acks } from "./acks.ts";
import { type Api, createApi } from "./api/api.ts";
import { Session, type Tokens } from "./api/session.ts";
import { ClientError } from "./base/errors.ts";
import { defaultClientLimits } from "./base/limits.ts";
import { globalPlatform, type Platform } from "./base/platform.ts";
import type { ClientFrame, Message, OutgoingMessage, SendReceipt, ServerFrame } from "./base/wire.ts";
import { Events } from "./events.ts";
import type { ClientEvents, ClientOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { ownMessageOf, Replica, type ReplicaEvents } from "./replica/replica.ts";
import { Replies } from "./replica/replies.ts";
import { Connection } from "./socket/connection.ts";
import { Sync } from "./sync.ts";

/** New tokens are asked for so long before the old ones end. */
const renewBeforeMs = 60_000;

export class Client {
  readonly session: Session;
  readonly api: Api;
  readonly replica: Replica;
  /** Answers of models while they are written. */
  readonly replies: Replies;
  readonly #events = new Events<ClientEvents>();
  readonly #mode: "pull" | "push";
  readonly #platform: Platform;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #acks: Acks;
  readonly #sync: Sync;
  /** What an earlier socket brought is not acknowledged on a later one. */
  #socketNumber = 0;
  #cancelRenewal: () => void = () => {};
  #rejectConnect: (error: ClientError) => void = () => {};

  constructor(options: ClientOptions) {
    const { platform = globalPlatform(), mode = "pull", deviceId, deviceType, logInAgain, storage } = options;
    const limits = { ...defaultClientLimits, ...options.limits };
    const emit = this.#events.emit.bind(this.#events);
    const problem = (error: ClientError) => emit("problem", error);
    const baseUrl = (attempt: number) => (typeof options.url === "string" ? options.url : options.url(attempt));
    this.#mode = mode;
    this.#platform = platform;
    this.replica = new Replica(limits, this.#replicaEvents());
    this.replies = new Replies({
      limits,
      reply: (reply, added) => emit("reply", reply, added),
      attach: (asked) => void this.ask("REPLY_ATTACH", asked).catch(() => {}), // its message comes in any case
    });
    this.session = new Session({
      ...{ baseUrl: () => baseUrl(0), deviceId, deviceType, platform, limits, logInAgain, kept: options.keptTokens },
      ...{ deviceName: options.deviceName, clientVersion: options.clientVersion },
      changed: (tokens) => this.#tokensChanged(tokens),
    });
    this.api = createApi(this.session);
    const query = `deviceId=${encodeURIComponent(deviceId)}&platform=${deviceType}${mode === "pull" ? "&sync=client" : ""}`;
    this.#connection = new Connection(
      {
        ...{ platform, limits, retry: options.retry, heartbeat: options.heartbeat },
        url: (attempt) => `${baseUrl(attempt).replace(/^http/, "ws")}/ws?${query}`,
        authFrame: () => ({
          type: "AUTH",
          data: { token: this.session.tokens?.accessToken, deviceId, platform: deviceType },
        }),
        renewToken: () => this.session.renew(),
      },
      {
        opened: (ack) => this.#opened(ack),
        frame: (frame) => this.#take(frame),
        lost: (code) => this.#lost(code),
        ended: (error) => emit("ended", error),
        received: (frame) => emit("frame", frame),
        sent: (frame) => emit("sent", frame),
        problem,
      },
    );
    const send = (frame: ClientFrame) => this.#connection.send(frame);
    this.#outbox = new Outbox({ send, platform, limits, storage, problem });
    this.#acks = new Acks(send, platform.clock, limits);
    const ask = (type: string, data: object) => this.#connection.ask(type, data);
    this.#sync = new Sync({ ask, replica: this.replica, platform, limits });
  }

  /** Messages that the server has not acknowledged yet. */
  get unsent(): number {
    return this.#outbox.size;
  }

  get isOpen(): boolean {
    return this.#connection.state === "open";
  }

  on<Name extends keyof ClientEvents>(name: Name, handler: ClientEvents[Name]): () => void {
    return this.#events.on(name, handler);
  }

  /** Connects, and stays connected. Resolves when the client is ready for the first time; rejects when it ended before. */
  async connect(): Promise<void> {
    await this.#outbox.restore();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stops = [this.on("ready", resolve), this.on("ended", reject)];
    this.#rejectConnect = reject;
    this.#connection.connect();
    try {
      await promise;
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** Resolves when the message is durable, over any number of connections. `msgId`: for a repeat of the caller's own. */
  async send(message: OutgoingMessage, msgId?: string): Promise<SendReceipt> {
    return this.#outbox.send(message, msgId);
  }

  /** Sends a frame and resolves with its answer; rejects as refused, or as unreachable without an answer. */
  ask(type: string, data: object): Promise<ServerFrame> {
    return this.#connection.ask(type, data);
  }

  recall(messageId: string, sessionId?: string): Promise<unknown> {
    return this.ask("MESSAGE_RECALL", { messageId, sessionId });
  }

  edit(messageId: string, content: unknown, sessionId?: string): Promise<unknown> {
    return this.ask("MESSAGE_EDIT", { messageId, content, sessionId });
  }

  /** Marks everything up to `seq` as read. */
  read(sessionId: string, seq: number): boolean {
    this.replica.read(sessionId, seq);
    return this.#connection.send({ type: "MESSAGE_READ", data: { sessionId, seq } });
  }

  /** Call it at most every 3 s while the user types. */
  typing(sessionId: string): boolean {
    return this.#connection.send({ type: "TYPING", data: { sessionId } });
  }

  /** Asks for USER_ONLINE and USER_OFFLINE of these users, in place of those before; holds until the connection is lost. */
  watchPresence(userIds: readonly string[]): Promise<unknown> {
    return this.ask("PRESENCE_SUBSCRIBE", { userIds });
  }

  /** Resolves when everything up to now is held. */
  sync(): Promise<void> {
    return this.#sync.run();
  }

  /** Resolves when every message is acknowledged or refused; false: some are not after `limitMs`. */
  async settled(limitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = this.#platform.clock.after(limitMs, () => resolve(false));
    void this.#outbox.settled().then(() => resolve(true));
    return promise.finally(cancel);
  }

  /** Acknowledges what was received, and ends. Unsent messages stay in the storage, if there is one. */
  async close(): Promise<void> {
    this.#cancelRenewal();
    this.#acks.flush();
    this.#sync.lost();
    await this.#connection.close();
    this.#outbox.close();
    this.#rejectConnect(new ClientError("closed", "The client was closed before it was connected."));
  }

  #replicaEvents(): ReplicaEvents {
    const emit = this.#events.emit.bind(this.#events);
    return {
      messages: (...values) => this.#takeMessages(...values),
      changed: (...values) => emit("changed", ...values),
      left: (...values) => emit("left", ...values),
      lists: (...values) => emit("lists", ...values),
      replaced: (...values) => emit("replaced", ...values),
      // In mode push the server fills holes by itself. A hole may remain in the versions: an edited message is pushed in its
      // newest state, without the version of the edit.
      gap: () => this.#mode === "pull" && this.#sync.request(),
      conflict: (description) => emit("problem", new ClientError("malformed", description)),
    };
  }

  #tokensChanged(tokens: Tokens | undefined): void {
    this.#cancelRenewal();
    if (tokens) {
      this.#setUser(tokens.userId);
      if (this.isOpen) void this.ask("AUTH_REFRESH", { token: tokens.accessToken }).catch(() => {}); // else 4401 follows
      const renewInMs = tokens.expiresIn * 1_000 - renewBeforeMs;
      // What fails here is done again when the token is refused.
      const renew = () => void this.session.renew().catch(() => {});
      this.#cancelRenewal = renewInMs > 0 ? this.#platform.clock.after(renewInMs, renew) : () => {};
    }
    this.#events.emit("tokens", tokens);
  }

  /** If a new login returns another user id, the server's data was replaced: the held state is invalid. */
  #setUser(userId: string): void {
    const { replica } = this;
    if (replica.userId !== "" && replica.userId !== userId) {
      replica.clear();
      this.#outbox.drop();
      this.#events.emit("replaced", undefined);
    }
    replica.userId = userId;
  }

  #opened(ack: ServerFrame): void {
    this.#events.emit("opened", ack);
    if (this.#mode === "push") {
      this.#sync.opened();
      this.#ready();
    } else void this.#catchUp();
  }

  /** SYNC first: it shows own messages that are stored already, so that they are not sent again. */
  async #catchUp(): Promise<void> {
    const socket = this.#socketNumber;
    try {
      await this.#sync.run();
    } catch {
      this.#sync.request(); // once more, later; sending does not wait for it
    }
    if (!this.isOpen || socket !== this.#socketNumber) return;
    this.#sync.opened();
    this.#ready();
  }

  #ready(): void {
    this.#outbox.open();
    this.replies.attachAll();
    this.#events.emit("ready");
  }

  #lost(code: number | undefined): void {
    this.#socketNumber += 1;
    this.#outbox.lost();
    this.#acks.forget();
    this.#sync.lost();
    this.#events.emit("lost", code);
  }

  #take(frame: ServerFrame): void {
    const sent = this.#outbox.find(frame.msgId ?? "");
    if (this.#outbox.take(frame)) {
      if (sent && frame.type === "SEND_ACK") this.#takeReceipt(frame, sent);
      return;
    }
    const { data = {} } = frame;
    if (data.requireAck === true) {
      this.#connection.send({ type: "NOTIFICATION_ACK", data: { notificationIds: [data.notificationId] } });
    }
    this.replies.take(frame);
    if (this.replica.concerns(frame)) {
      const socket = this.#socketNumber;
      this.#sync.defer(() => this.#apply(frame, socket));
    }
    if (data.type === "sync.request") this.#sync.request(0);
    // Also after a frame that was applied: it changes a conversation, and the lists hold the item that belongs to it.
    else if (this.#mode === "pull" && Number(data.userVersion) > this.replica.lists.version) this.#sync.request();
  }

  #takeReceipt(frame: ServerFrame, message: OutgoingMessage): void {
    const receipt = { ...frame.data, msgId: frame.msgId } as SendReceipt;
    this.#sync.defer(() => this.replica.takeOwn(ownMessageOf(receipt, message)));
  }

  #apply(frame: ServerFrame, socket: number): void {
    this.replica.take(frame);
    if (frame.type !== "NEW_MESSAGE" || socket !== this.#socketNumber) return;
    const { sessionId, seq, version } = frame.data as unknown as Message;
    const upTo = this.replica.find(sessionId)?.versions.upTo ?? 0;
    this.#acks.note(sessionId, seq, upTo >= version ? upTo : undefined);
  }

  #takeMessages(...[conversation, messages, how]: Parameters<ClientEvents["messages"]>): void {
    for (const message of messages) if (message.senderId === this.replica.userId) this.#outbox.takeOwn(message);
    this.#events.emit("messages", conversation, messages, how);
  }
}

/** See README.md. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}
