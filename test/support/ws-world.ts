// The socket gateway on a real port, with a scripted world in place of the actors. Notifications can be lost, doubled and
// reordered, and answers delayed or refused.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ConversationChange, Fanout, SendMessage, SendReceipt } from "../../actors/conversation/contract.ts";
import type { SyncChange, VisibleMessage } from "../../actors/reading/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Contract, Handle } from "../../actors/runtime/contract.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Place, StalePlace, Vector } from "../../actors/session/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { type FramedNotification, typeOfChange } from "../../actors/shared/notification.ts";
import { createAuthenticator } from "../../gateway/auth/authenticator.ts";
import { createLanguages } from "../../gateway/kit/languages.ts";
import { defaultGatewayLimits, type GatewayLimits } from "../../gateway/limits.ts";
import type { GatewayDeps, NotificationSource } from "../../gateway/ports.ts";
import { frameOfChange, frameOfMessage } from "../../gateway/wire/notification.ts";
import { createSocketServer } from "../../gateway/ws/server.ts";
import { createMemoryPresence } from "../../infra/memory/presence.ts";
import { noRateLimits } from "../../infra/memory/rate-limits.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { TestDevice, type TestDeviceOptions } from "./test-device.ts";

type Happening = { version: number; message?: VisibleMessage; change?: ConversationChange };

export class FakeConversation {
  readonly id: string;
  readonly fanout: Fanout;
  members: string[];
  /** The first visible seq of members who joined later. */
  readonly visibleFrom = new Map<string, number>();
  version = 0;
  seq = 0;
  happenings: Happening[] = [];
  #world: World;

  constructor(world: World, id: string, members: string[], fanout: Fanout) {
    this.#world = world;
    this.id = id;
    this.members = members;
    this.fanout = fanout;
  }

  says(senderId: string, content: unknown = "hello", more: Partial<SendMessage> = {}): SendReceipt {
    const known = this.happenings.find(
      ({ message }) =>
        more.clientMsgId !== undefined && message?.clientMsgId === more.clientMsgId && message.senderId === senderId,
    );
    if (known?.message) return receiptOf(known.message);
    this.seq += 1;
    this.version += 1;
    const message: VisibleMessage = {
      ...{ messageId: String(1_000_000 + this.#world.nextId()), conversationId: this.id, bucket: 0, seq: this.seq },
      ...{ version: this.version, senderId, senderName: more.senderName ?? "", senderAvatar: "", content },
      ...{ clientMsgId: more.clientMsgId ?? "", contentType: "text", atMs: Date.now(), status: "normal" },
      ...{ viewStatus: "sent", isPinned: false, reactions: [] },
    };
    if (this.#world.isRecording) this.happenings.push({ version: this.version, message });
    const { frame, data } = frameOfMessage(message);
    this.publish("message.new", frame, data, { fromUserId: senderId, exceptDeviceId: more.deviceId });
    return receiptOf(message);
  }

  recalls({ messageId, seq }: { messageId: string; seq: number }): { version: number } {
    this.version += 1;
    this.changes({ type: "recalled", messageId, seq, atMs: Date.now(), by: "1" });
    return { version: this.version };
  }

  /** Users of `blind` may not see the message, as they joined after it. */
  edits({ messageId, seq }: { messageId: string; seq: number }, content: string, blind: string[] = []): void {
    const message = { messageId, seq };
    this.version += 1;
    const bare = { type: "edited", ...message, atMs: Date.now(), by: "1" } as const;
    const users = this.members.filter((userId) => !blind.includes(userId));
    this.changes({ ...bare, content }, this.fanout === "users" ? { target: { users } } : {});
    if (this.fanout === "users" && blind.length > 0) this.publishChange(bare, { target: { users: blind } });
  }

  removes(userId: string): void {
    this.version += 1;
    this.members = this.members.filter((each) => each !== userId);
    const change = { type: "member_left", userIds: [userId], by: "1", reason: "removed", atMs: 0 } as const;
    this.changes({ ...change, userIds: [userId] }, { membership: { left: [userId] } });
    this.#world.publishTo(userId, "session.deleted", { sessionId: this.id, reason: "removed" });
  }

  /** The change at the present version, kept for pulls and published. */
  changes(change: ConversationChange, more: Partial<FramedNotification> = {}): void {
    this.happenings.push({ version: this.version, change });
    this.publishChange(change, more);
  }

  publishChange(change: ConversationChange, more: Partial<FramedNotification>): void {
    const { frame, data } = frameOfChange({ conversationId: this.id, version: this.version, seq: this.seq }, change);
    this.publish(typeOfChange(change), frame, data, more);
  }

  publish(
    type: FramedNotification["type"],
    frame: FramedNotification["frame"],
    data: Record<string, unknown>,
    more: Partial<FramedNotification> = {},
  ): void {
    const target = this.fanout === "users" ? { users: this.members } : { conversationId: this.id };
    const versioned = { conversationId: this.id, version: this.version, seq: this.seq };
    this.#world.publish({ type, target, atMs: Date.now(), frame, data, versioned, ...more });
  }

  differenceFor(
    userId: string,
    fromVersion: number,
    maxMessages: number,
  ): Extract<SyncChange, { type: "conversation" }> {
    if (!this.members.includes(userId)) throw new DomainError("group.not_member");
    const missed = this.happenings.filter(({ version }) => version > fromVersion);
    const messages = missed.flatMap(({ message }) => message ?? []);
    const full = messages.length > maxMessages;
    return {
      ...{ type: "conversation", conversationId: this.id, fromVersion, version: this.version, seq: this.seq, full },
      ...{ countSeq: this.seq, readSeq: 0, unreadCount: 0, mentionCount: 0, messages: messages.slice(-maxMessages) },
      changes: missed.flatMap(({ version, change }) => (change ? [{ version, change }] : [])),
    };
  }
}

function receiptOf({ messageId, seq, version, atMs }: VisibleMessage): SendReceipt {
  return { messageId, seq, version, atMs };
}

/** One gateway's end of the notification bus. */
class Source implements NotificationSource {
  readonly users = new Set<string>();
  readonly subjects = new Set<string>();
  #handlers: ((notification: FramedNotification, users: readonly string[]) => void)[] = [];
  #onGap: (() => void)[] = [];

  deliver(notification: FramedNotification): void {
    const { target } = notification;
    const users = "users" in target ? target.users.filter((userId) => this.users.has(userId)) : [];
    const isForThis = "users" in target ? users.length > 0 : this.subjects.has(target.conversationId);
    if (isForThis) for (const handle of this.#handlers) handle(notification, users);
  }
  reportGap(): void {
    for (const handle of this.#onGap) handle();
  }
  onNotification(handler: (notification: FramedNotification, users: readonly string[]) => void): void {
    this.#handlers.push(handler);
  }
  onGap(handler: () => void): void {
    this.#onGap.push(handler);
  }
  addUser(userId: string): void {
    this.users.add(userId);
  }
  removeUser(userId: string): void {
    this.users.delete(userId);
  }
  async addConversation(id: string): Promise<void> {
    this.subjects.add(id);
  }
  removeConversation(id: string): void {
    this.subjects.delete(id);
  }
}

interface Session {
  revoked: Set<string>;
  /** The oldest place comes first. */
  places: (Place & { deviceId: string })[];
  vectors: Map<string, Vector>;
}

export class World {
  readonly conversations = new Map<string, FakeConversation>();
  readonly sessions = new Map<string, Session>();
  readonly calls: { name: string; key: string; input: unknown }[] = [];
  readonly counts = { pulled: 0, resent: 0 };
  readonly logged: string[] = [];
  /** False: calls and events are not kept, for measurements. */
  isRecording = true;
  isLeaseHeld = true;
  /** The lease is lost after this many checks. */
  leaseChecksLeft = Number.POSITIVE_INFINITY;
  /** True: every actor host is away, and all calls fail. */
  isAway = false;
  /** Handles each published notification; by default delivers the notification. */
  onPublish: (notification: FramedNotification, deliver: (n: FramedNotification) => void) => void = (n, deliver) =>
    deliver(n);
  /** Runs before a command or query, by "kind.method"; may throw, or wait. */
  readonly before = new Map<string, (input: unknown, key: string) => void | Promise<void>>();
  /** Runs between a command and its answer, by "kind.method". */
  readonly after = new Map<string, () => void | Promise<void>>();
  /** The subscriptions of each gateway, in the order of the gateways. */
  readonly sources: Source[] = [];
  readonly closedBoots = new Set<string>();
  /** By user, the conversations that the user's list still holds after the user was removed. */
  readonly staleLists = new Map<string, string[]>();
  /** By user, the version of the user's list. */
  readonly userVersions = new Map<string, number>();
  readonly friends = new Map<string, string[]>();
  #onLease: ((held: boolean) => void)[] = [];
  #onRevoked: ((loginId: string, reason: string) => void)[] = [];
  #id = 0;

  /** Conversation subjects that the first gateway is subscribed to. */
  get subjects(): ReadonlySet<string> {
    return this.sources[0]?.subjects ?? new Set();
  }

  /** Whether any gateway has a socket of the user that is not closing. */
  isConnected(userId: string): boolean {
    return this.sources.some(({ users }) => users.has(userId));
  }

  nextId(): number {
    this.#id += 1;
    return this.#id;
  }

  conversation(id: string, members: string[], fanout: Fanout = "users"): FakeConversation {
    const made = new FakeConversation(this, id, members, fanout);
    this.conversations.set(id, made);
    return made;
  }

  publish(notification: FramedNotification): void {
    this.onPublish(notification, (each) => this.deliver(each));
  }

  deliver(notification: FramedNotification): void {
    for (const source of this.sources) source.deliver(notification);
  }

  publishTo(userId: string, type: FramedNotification["type"], data: Record<string, unknown>): void {
    const atMs = Date.now();
    const payload = { type, ...data, timestamp: atMs };
    this.publish({ type, target: { users: [userId] }, atMs, frame: "NOTIFICATION", data: payload });
  }

  reportGap(): void {
    for (const source of this.sources) source.reportGap();
  }

  /** The user's list changes, and a notification says so. */
  changesList(userId: string): number {
    const userVersion = (this.userVersions.get(userId) ?? 0) + 1;
    this.userVersions.set(userId, userVersion);
    this.publishTo(userId, "session.mute_updated", { sessionId: "s_1_2", isMuted: true, userVersion });
    return userVersion;
  }

  async assertThere(): Promise<void> {
    if (!this.isAway) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw new RuntimeError(this.nextId() % 2 === 0 ? "unreachable" : "not_owner", "every host is away");
  }

  setLease(held: boolean): void {
    this.leaseChecksLeft = Number.POSITIVE_INFINITY;
    this.isLeaseHeld = held;
    for (const handle of this.#onLease) handle(held);
  }

  revoke(userId: string, loginId: string, reason: string): void {
    this.session(userId).revoked.add(loginId);
    for (const handle of this.#onRevoked) handle(loginId, reason);
  }

  session(userId: string): Session {
    const known = this.sessions.get(userId);
    if (known) return known;
    const made = { revoked: new Set<string>(), places: [], vectors: new Map() };
    this.sessions.set(userId, made);
    return made;
  }

  conversationsOf(userId: string): FakeConversation[] {
    return [...this.conversations.values()].filter(({ members }) => members.includes(userId));
  }

  get(id: string): FakeConversation {
    const found = this.conversations.get(id);
    if (!found) throw new DomainError("session.not_found");
    return found;
  }

  /** The conversation; refused for a user who is no member. */
  seenBy(userId: string, id: string): FakeConversation {
    const found = this.get(id);
    if (!found.members.includes(userId)) throw new DomainError("group.not_member");
    return found;
  }

  actors(): Actors {
    const world = this;
    return {
      get<C, Q>({ kind }: Contract<C, Q>, key: string): Handle<C, Q> {
        const methods = world.methods(kind, key);
        const call = (name: string) => async (input: unknown) => {
          if (world.isRecording) world.calls.push({ name: `${kind}.${name}`, key, input });
          await world.assertThere();
          const before = world.before.get(`${kind}.${name}`);
          if (before) await before(input, key);
          const method = methods[name];
          if (!method) throw new Error(`the world has no ${kind}.${name}`);
          const result = method(input);
          await world.after.get(`${kind}.${name}`)?.();
          return result;
        };
        return new Proxy({}, { get: (_target, name) => call(String(name)) }) as Handle<C, Q>;
      },
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: one table for all actors
  methods(kind: string, key: string): Record<string, (input: any) => unknown> {
    if (kind === "session") return this.#sessionMethods(key);
    if (kind === "user") {
      return {
        profile: () => ({ nickname: `name of ${key}`, avatar: "" }),
        markRead: () => null,
        items: () => ({ items: [...(this.friends.get(key) ?? [])].map((id) => ({ type: "friend", id })) }),
        card: () => ({ lastSeen: key === "4" ? "nobody" : "friends" }),
        friendsAmong: ({ userIds }) => ({ userIds: userIds.filter((id: string) => id !== "5") }),
        deleteMessages: () => null,
      };
    }
    return {
      send: (input: SendMessage) => this.seenBy(input.senderId, key).says(input.senderId, input.content, input),
      attach: ({ userIds }) => {
        const { version, seq, fanout, members, visibleFrom } = this.get(key);
        const found = userIds.filter((userId: string) => members.includes(userId));
        return {
          version,
          seq,
          fanout,
          tail: [],
          members: found.map((userId: string) => ({ userId, visibleFromSeq: visibleFrom.get(userId) ?? 1 })),
        };
      },
      recall: ({ message: { messageId, seq } }) => this.get(key).recalls({ messageId, seq }),
      edit: ({ message, content }) =>
        this.get(key).edits({ messageId: message.messageId, seq: message.seq }, content as string),
      typing: ({ userId, deviceId }) => {
        const { fanout, members } = this.get(key);
        const target = fanout === "users" ? { users: members.filter((id) => id !== userId) } : { conversationId: key };
        const sessionType = key.startsWith("g_") ? "group" : "single";
        const data = { userId, sessionId: key, sessionType, timestamp: Date.now() };
        const more = { fromUserId: userId, exceptDeviceId: deviceId };
        this.publish({ type: "message.typing", target, atMs: Date.now(), frame: "USER_TYPING", data, ...more });
        return null;
      },
      markMany: ({ marks }) => ({
        accepted: marks.length,
        reads: marks
          .filter(({ readSeq }: { readSeq?: number }) => readSeq !== undefined)
          .map(({ userId, readSeq }: { userId: string; readSeq: number }) => ({
            userId,
            seq: readSeq,
            countSeq: readSeq,
          })),
      }),
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  #sessionMethods(key: string): Record<string, (input: any) => unknown> {
    const session = this.session(key);
    return {
      isActive: ({ loginId }) => ({ active: !session.revoked.has(loginId) }),
      connect: (input: Omit<Place, "placeId"> & { placeId?: number }) => {
        if (session.revoked.has(input.loginId)) throw new DomainError("auth.token_invalid");
        const deviceId = input.loginId.slice("login-".length);
        const place = this.#takePlace(session, { ...input, deviceId });
        const stale = session.places.filter(
          (each) =>
            each.placeId !== place.placeId &&
            ((each.placeId < place.placeId && each.deviceId === deviceId) || session.revoked.has(each.loginId)),
        );
        const closeFirst: StalePlace[] = stale.map((each) => ({
          ...each,
          reason: each.deviceId === deviceId ? "replaced" : "multi_login",
        }));
        const close = closeFirst.filter(({ boot }) => boot !== place.boot);
        for (const boot of new Set(close.map(({ boot }) => boot))) {
          this.publishTo(boot, "auth.sockets", { userId: key, close });
        }
        const vector = session.vectors.get(deviceId);
        const held = { isNewDevice: !vector, vector: vector ?? { userVersion: 0, conversations: {} }, cursor: 0 };
        return { placeId: place.placeId, closeFirst, ...held };
      },
      leave: ({ placeId }) => {
        const isKnown = session.places.some((place) => place.placeId === placeId);
        session.places = session.places.filter((place) => place.placeId !== placeId);
        if (isKnown) this.publishTo(key, "auth.sockets", { userId: key, left: [placeId] });
        return null;
      },
      progress: ({ deviceId, vector }) => this.#raise(session, deviceId, vector),
    };
  }

  #takePlace(
    session: Session,
    { placeId, ...input }: Omit<Place, "placeId"> & { placeId?: number; deviceId: string },
  ): Session["places"][number] {
    const newest = session.places.findLast(({ deviceId }) => deviceId === input.deviceId);
    const known = session.places.find((place) => place.placeId === placeId);
    if (known) return known;
    if (newest?.boot === input.boot) return newest;
    const place = { ...input, placeId: this.nextId() };
    session.places = [...session.places, place];
    return place;
  }

  #raise({ vectors }: Session, deviceId: string, marks: Partial<Vector> = {}): null {
    const vector = vectors.get(deviceId) ?? { userVersion: 0, conversations: {} };
    for (const [id, version] of Object.entries(marks.conversations ?? {})) vector.conversations[id] = version;
    vectors.set(deviceId, { ...vector, userVersion: marks.userVersion ?? vector.userVersion });
    return null;
  }

  deps(limits: Partial<GatewayLimits>, boot = "boot"): GatewayDeps {
    const source = new Source();
    this.sources.push(source);
    const unused = () => {
      throw new Error("not part of this world");
    };
    const present = async ({ userId }: { userId: string }) => {
      if (this.isRecording) this.calls.push({ name: "reading.present", key: userId, input: {} });
      await this.assertThere();
      const stale = (this.staleLists.get(userId) ?? []).map((id) => this.get(id));
      const own = [...this.conversationsOf(userId), ...stale];
      const conversations = Object.fromEntries(
        own.filter((each) => each.version > 0).map(({ id, version }) => [id, version]),
      );
      const rooms = own.filter(({ fanout }) => fanout === "conversation").map(({ id }) => id);
      return { vector: { userVersion: this.userVersions.get(userId) ?? 0, conversations }, rooms };
    };
    return {
      actors: this.actors(),
      reading: {
        unread: async ({ userId, conversations }) => {
          if (this.isRecording) this.calls.push({ name: "reading.unread", key: userId, input: conversations });
          await this.before.get("reading.unread")?.(conversations, userId);
          const counts = { readSeq: 0, readCountSeq: 0, mentionCount: 0, unreadCount: 0 };
          const countOf = (id: string) => ({ ...counts, conversationId: id, unreadCount: this.get(id).seq });
          return { conversations: conversations.map((each) => countOf(each.conversationId)), totalUnread: 1 };
        },
        ...{ context: unused, pins: unused, place: unused, edits: unused },
        ...{
          history: unused,
          sessions: unused,
          session: unused,
          unreadTotal: unused,
          search: unused,
          present,
        },
        difference: async ({ userId, conversationId, fromVersion, maxMessages }) => {
          await this.assertThere();
          await this.before.get("reading.difference")?.({ userId, fromVersion }, conversationId);
          return this.get(conversationId).differenceFor(userId, fromVersion, maxMessages);
        },
        sync: async ({ userId }) => {
          const { vector } = await present({ userId });
          await this.before.get("reading.sync")?.({ userId }, userId);
          return { changes: [], cursor: 7, vector, hasMore: false, full: false, storeId: "store" };
        },
        findMessages: async ({ userId, messageIds }) => {
          await this.before.get("reading.findMessages")?.({ messageIds }, userId);
          return messageIds.flatMap((messageId) => {
            for (const { id, happenings } of this.conversationsOf(userId)) {
              const message = happenings.find((each) => each.message?.messageId === messageId)?.message;
              if (message) return [{ conversationId: id, message, ref: { ...message, asOfVersion: message.version } }];
            }
            throw new DomainError("message.not_found");
          });
        },
        findMessage: async ({ userId, messageId, conversationId }) => {
          await this.before.get("reading.findMessage")?.({ userId, conversationId }, messageId);
          for (const { id, happenings } of this.conversationsOf(userId)) {
            const message = happenings.find((each) => each.message?.messageId === messageId)?.message;
            if (message) return { conversationId: id, message, ref: { ...message, asOfVersion: message.version } };
          }
          throw new DomainError("message.not_found");
        },
      },
      directory: { findMany: async () => new Map(), searchMembers: async () => ({ known: 0, total: 0, userIds: [] }) },
      notifications: source,
      viewerNotifications: quietSource,
      presence: createMemoryPresence(),
      passwords: { hash: unused, verify: unused },
      phones: { parse: unused },
      ...{ codes: { send: unused, verify: unused }, qrPictures: { draw: unused } },
      rateLimits: noRateLimits,
      revocations: {
        revoke: unused,
        isRevoked: () => false,
        onRevoked: (handler) => void this.#onRevoked.push(handler),
      },
      lease: {
        isHeld: () => {
          if (this.leaseChecksLeft <= 0) this.isLeaseHeld = false;
          this.leaseChecksLeft -= 1;
          return this.isLeaseHeld;
        },
        onChange: (handler) => void this.#onLease.push(handler),
        isClosed: (other) => this.closedBoots.has(other),
      },
      clock: systemClock,
      random: systemRandom,
      log: {
        info: () => {},
        warn: (message, fields) => void this.logged.push(`${message} ${JSON.stringify(fields)}`),
        error: (message, fields) => void this.logged.push(`${message} ${JSON.stringify(fields)}`),
      },
      metrics: {
        ...{ connections: () => {}, frameIn: () => {}, framesOut: () => {}, closed: () => {}, request: () => {} },
        gap: (kind) => {
          this.counts[kind] += 1;
        },
      },
      limits: { ...defaultGatewayLimits, ...limits },
      auth: {
        secrets: [{ kid: "a", secret: Buffer.alloc(32, 7) }],
        ...{ accessTokenMs: 3_600_000, refreshTokenMs: 3_600_000 },
      },
      health: { ready: unused, metrics: unused },
      accounts: { refreshNow: unused, changed: unused },
      secrets: { seal: (plain) => plain, open: (sealed) => sealed },
      usage: { ofUser: unused, log: unused, series: unused, overview: unused },
      identity: { host: `host of ${boot}`, boot, storeId: "store", version: "0" },
    };
  }
}

interface OpenOptions extends TestDeviceOptions {
  query?: Record<string, string>;
}

/** Starts gateways that serve sockets only. All gateways share one world. */
export async function startWorld(limits: Partial<GatewayLimits> = {}, boots: readonly string[] = ["boot"]) {
  const world = new World();
  const devices: TestDevice[] = [];
  const gateways = await Promise.all(boots.map((boot) => startGateway(world, limits, boot, devices)));
  const [first] = gateways;
  if (!first) throw new Error("a world has a gateway at least");
  return {
    ...first,
    world,
    gateways,
    async [Symbol.asyncDispose]() {
      for (const device of devices) device.disconnects();
      await Promise.all(gateways.map(({ close }) => close()));
    },
  };
}

async function startGateway(world: World, limits: Partial<GatewayLimits>, boot: string, devices: TestDevice[]) {
  const deps = world.deps(limits, boot);
  const source = deps.notifications as Source;
  const authenticator = createAuthenticator(deps);
  const sockets = createSocketServer(deps, authenticator, createLanguages(deps));
  const server = createServer();
  server.on("upgrade", (request, socket, head) => sockets.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const tokenOf = (userId: string, deviceId: string) =>
    authenticator.issue({ userId, deviceId, deviceType: "Web", loginId: `login-${deviceId}` }).accessToken;
  const open = ({ query = {}, ...options }: OpenOptions = {}) => {
    const url = `ws://127.0.0.1:${port}/ws?${new URLSearchParams(query)}`;
    const device = new TestDevice(url, { deflate: false, ...options });
    devices.push(device);
    return device;
  };
  return {
    ...{ sockets, source, port, open, tokenOf, auth: deps.auth },
    /** Opens a device of this user; resolves after CONNECT_ACK. */
    async device(userId: string, deviceId = `d${userId}`, options: OpenOptions = {}) {
      const query = { token: tokenOf(userId, deviceId), ...options.query };
      return open({ ...options, query }).connected();
    },
    async close() {
      await sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Of sockets that this world does not have. */
const quietSource = {
  onNotification: () => {},
  onGap: () => {},
  addUser: () => {},
  removeUser: () => {},
  addConversation: async () => {},
  removeConversation: () => {},
};
