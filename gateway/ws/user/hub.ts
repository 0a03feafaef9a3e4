// Who is connected here, and what users are told.
// H1: a login's sockets are found from the moment its token was read, so a revocation misses none.
// H2: a closing socket is out of every list at once; the session actor is told when the socket is gone.
import type { SocketsTold } from "../../../actors/session/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { type FramedNotification, notificationTypes } from "../../../actors/shared/notification.ts";
import type { Edge } from "../edge.ts";
import type { Connection } from "../socket/connection.ts";
import { endLogin } from "../socket/logout.ts";
import { encodePublished } from "../wire/encode.ts";
import { Frame } from "../wire/frame.ts";
import { reportGone } from "./progress.ts";
import type { Sender } from "./senders.ts";
import { requestSync } from "./sync-request.ts";

export interface LocalUser {
  connections: Connection[];
  /** Name and picture, once he sent something. */
  sender: Sender | undefined;
}

/** Frames without version kept while a connection syncs; more are dropped, and it is told to sync. */
const maxHeldFrames = 256;

export class Hub {
  #edge: Edge;
  #users = new Map<UserId, LocalUser>();
  #logins = new Map<string, Connection[]>();
  #all = new Set<Connection>();
  /** Hellos that wait until another socket of their user is closed. */
  #waiting = new Map<UserId, Set<() => void>>();

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  get all(): ReadonlySet<Connection> {
    return this.#all;
  }

  find(userId: UserId): LocalUser | undefined {
    return this.#users.get(userId);
  }

  connections(userId: UserId): readonly Connection[] {
    return this.#users.get(userId)?.connections ?? none;
  }

  ofLogin(loginId: string): readonly Connection[] {
    return this.#logins.get(loginId) ?? none;
  }

  /** A socket, authenticated or not. */
  add(connection: Connection): void {
    this.#all.add(connection);
    this.#edge.deps.metrics.connections(1);
  }

  /** H1: its token is good; false when the user has too many sockets. */
  enter(connection: Connection, userId: UserId, loginId: string): boolean {
    let user = this.#users.get(userId);
    if (user === undefined) {
      user = { connections: [], sender: undefined };
      this.#users.set(userId, user);
      this.#edge.deps.notifications.addUser(userId);
    }
    if (user.connections.length >= this.#edge.deps.limits.maxConnectionsPerUser) return false;
    user.connections.push(connection);
    this.#logins.set(loginId, [...this.ofLogin(loginId), connection]);
    return true;
  }

  /** H2: hears nothing more. */
  leave(connection: Connection): void {
    this.#edge.presence.drop(connection);
    reportGone(connection);
    this.#edge.channels.leave(connection);
    const { caller } = connection;
    if (caller === undefined) return;
    const others = this.ofLogin(caller.loginId).filter((each) => each !== connection);
    if (others.length > 0) this.#logins.set(caller.loginId, others);
    else this.#logins.delete(caller.loginId);
    const user = this.#users.get(caller.userId);
    if (user === undefined) return;
    user.connections = user.connections.filter((each) => each !== connection);
    if (user.connections.length > 0) return;
    this.#users.delete(caller.userId);
    this.#edge.deps.notifications.removeUser(caller.userId);
  }

  remove(connection: Connection): void {
    if (this.#all.delete(connection)) this.#edge.deps.metrics.connections(-1);
  }

  /** From the bell: one notification, with the local ones of its users. */
  tell(notification: FramedNotification, users: readonly UserId[]): void {
    const { versioned } = notification;
    if (versioned) this.#edge.channels.offer(notification, versioned, users);
    else if (notification.type === "auth.sockets") this.#settleSockets(notification, users);
    else if (notification.type === "user.visibility_changed") this.#askAgain(users);
    else if (notification.type === "auth.force_logout") this.#forceLogout(notification, users);
    else if (users.length > 0) this.#tellUsers(notification, users);
    else if ("conversationId" in notification.target) this.#tellRoom(notification, notification.target.conversationId);
    this.#react(notification, users);
  }

  #tellUsers(notification: FramedNotification, users: readonly UserId[]): void {
    const frame = frameOf(notification);
    // A change of the user's lists is told by its version: dropped it would be a hole.
    const isLow =
      notificationTypes[notification.type].priority === "low" && notification.data.userVersion === undefined;
    for (const userId of users) {
      for (const connection of this.connections(userId)) {
        if (isFor(notification, connection)) this.#send(connection, frame, isLow);
      }
    }
  }

  #tellRoom(notification: FramedNotification, conversationId: string): void {
    const channel = this.#edge.channels.find(conversationId);
    if (channel === undefined) return;
    const frame = frameOf(notification);
    for (const { connection, isLive } of channel.listeners.values()) {
      if (isLive && isFor(notification, connection)) this.#send(connection, frame, true);
    }
  }

  #send(connection: Connection, frame: Frame, isLow: boolean): void {
    if (connection.state === "open") {
      if (isLow) this.#edge.writer.sendLow(connection, frame);
      else this.#edge.writer.send(connection, frame);
    } else if (connection.state === "syncing" && !isLow) {
      connection.held ??= [];
      if (connection.held.length > maxHeldFrames) return;
      if (connection.held.length === maxHeldFrames) requestSync(connection);
      connection.held.push(frame);
    }
  }

  #forceLogout({ data }: FramedNotification, users: readonly UserId[]): void {
    const loginIds = Array.isArray(data.loginIds) ? data.loginIds : [];
    for (const userId of users) {
      for (const connection of [...this.connections(userId)]) {
        if (loginIds.includes(connection.caller?.loginId)) endLogin(connection, String(data.reason));
      }
    }
  }

  /** A socket of this user was confirmed as closed, somewhere; the result ends the listening. */
  onSocketClosed(userId: UserId, handler: () => void): () => void {
    const handlers = this.#waiting.get(userId) ?? new Set();
    this.#waiting.set(userId, handlers.add(handler));
    return () => {
      if (handlers.delete(handler) && handlers.size === 0) this.#waiting.delete(userId);
    };
  }

  /** G8: what another gateway asks to be closed is closed here; one that is not here any more is confirmed again. */
  #askAgain(users: readonly UserId[]): void {
    for (const userId of users) this.#edge.presence.recheck(userId);
  }

  #settleSockets({ data }: FramedNotification, users: readonly UserId[]): void {
    const { close = [], closed = [] }: SocketsTold = data;
    for (const userId of users) {
      for (const { boot, connectionId, deviceId, reason } of close) {
        if (boot !== this.#edge.deps.identity.boot) continue;
        const connection = this.connections(userId).find(({ id }) => id === connectionId);
        if (connection) endLogin(connection, reason);
        else this.#edge.gone.tell(userId, { connectionId, deviceId });
      }
      if (closed.length > 0) for (const handler of [...(this.#waiting.get(userId) ?? [])]) handler();
    }
  }

  /** What the gateway itself learns from it. */
  #react({ type, data }: FramedNotification, users: readonly UserId[]): void {
    const { userVersion, sessionId } = data;
    for (const userId of users) {
      const user = this.#users.get(userId);
      if (user === undefined) continue;
      if (typeof userVersion === "number") for (const { lists } of user.connections) lists.heard(userVersion);
      if (type === "user.profile_updated") user.sender = undefined;
      else if (type === "friend.deleted" || type === "friend.blacklist_changed") this.#edge.presence.recheck(userId);
      else if (typeof sessionId !== "string") continue;
      else if (type === "session.deleted" && data.reason !== "hidden") this.#edge.channels.recheck(userId, sessionId);
      else if (roomTypes.has(type) && data.fanout === "conversation") {
        for (const connection of user.connections) {
          if (connection.isServed) this.#edge.channels.join(connection, sessionId);
        }
      }
    }
  }
}

const none: readonly Connection[] = [];

/** The list or the conversation itself says that it travels on its own subject. */
const roomTypes: ReadonlySet<string> = new Set(["session.created", "session.updated", "session.fanout_changed"]);

function isFor({ exceptDeviceId, fromUserId }: FramedNotification, { caller }: Connection): boolean {
  if (exceptDeviceId === undefined || caller?.deviceId !== exceptDeviceId) return true;
  return fromUserId !== undefined && fromUserId !== caller.userId;
}

function frameOf({ type, frame, atMs, data, fromUserId }: FramedNotification): Frame {
  if (frame !== "NOTIFICATION") return new Frame(encodePublished(frame, atMs, data));
  const sender = fromUserId === undefined ? {} : { fromUserId };
  return new Frame(encodePublished(frame, atMs, { type, ...sender, ...data }));
}
