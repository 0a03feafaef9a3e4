// From the notification bus to the connections of this gateway: devices get the frame, the gateway draws its conclusions.
import type { PlacesPublished } from "../../../actors/session/contract.ts";
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import type { FramedNotification } from "../../../actors/shared/notification.ts";
import type { Channels } from "../delivery/channels.ts";
import { endLogin } from "../socket/logout.ts";
import type { Versioned } from "../wire/version-frames.ts";
import type { Hub } from "./hub.ts";
import { noticeOf } from "./notice.ts";
import type { Notices } from "./notices.ts";
import type { Places } from "./places.ts";
import type { PresenceWatch } from "./presence.ts";
import type { UnreadCounts } from "./unread-counts.ts";
import type { UserConnection } from "./user-connection.ts";

interface NotificationDeps {
  readonly hub: Hub;
  readonly channels: Channels;
  readonly presence: PresenceWatch;
  readonly places: Places;
  readonly notices: Notices;
  readonly unread: Pick<UnreadCounts, "arrived" | "changed">;
  /** This process. */
  readonly boot: string;
  nowMs(): number;
  /** For a notification that came without an id. */
  newId(): string;
}

/** Types that say that a conversation has a subject of its own. */
const fanoutTypes: ReadonlySet<string> = new Set(["session.created", "session.updated", "session.fanout_changed"]);
/** Types that change what one user may see of another's presence. */
const visibilityTypes: ReadonlySet<string> = new Set([
  "friend.added",
  "friend.deleted",
  "friend.blacklist_changed",
  "user.visibility_changed",
]);

/** Types after which a message is not counted any more. */
const takenBackTypes: ReadonlySet<string> = new Set(["message.recalled", "message.expired"]);
/** Types that change what one user counts as unread. */
const countedTypes: ReadonlySet<string> = new Set(["message.mentioned", "message.deleted", "session.mute_updated"]);

export class Notifications {
  #deps: NotificationDeps;

  constructor(deps: NotificationDeps) {
    this.#deps = deps;
  }

  /** One notification, with its target users on this gateway. */
  publish(notification: FramedNotification, users: readonly UserId[]): void {
    const { versioned, type, target } = notification;
    if (versioned) this.#offer(notification, versioned, users);
    else if (type === "auth.sockets") this.#leavePlaces(notification);
    else if (type === "auth.force_logout") this.#forceLogout(notification, users);
    else if (type === "user.visibility_changed") this.#visibilityChanged(notification);
    else if (type === "session.unread_updated") this.#noteRead(notification, users);
    else if (users.length > 0) this.#sendToUsers(notification, users);
    else if ("conversationId" in target) this.#sendToListeners(notification, target.conversationId);
    for (const userId of users) this.#conclude(notification, userId);
  }

  #offer(notification: FramedNotification, versioned: Versioned, users: readonly UserId[]): void {
    this.#deps.channels.offer(notification, versioned, users);
    const { type, fromUserId } = notification;
    const { conversationId, seq } = versioned;
    if (type === "message.new") this.#deps.unread.arrived(conversationId, seq, fromUserId);
    else if (takenBackTypes.has(type)) this.#deps.unread.arrived(conversationId, seq, undefined);
  }

  /** Devices get the counts with the mark. */
  #noteRead({ data }: FramedNotification, users: readonly UserId[]): void {
    const { sessionId, userVersion } = data;
    for (const userId of users) this.#deps.unread.changed(userId, String(sessionId), Number(userVersion));
  }

  #sendToUsers(notification: FramedNotification, users: readonly UserId[]): void {
    const notice = noticeOf(notification, this.#deps.newId);
    for (const userId of users) {
      for (const connection of this.#deps.hub.connections(userId)) {
        if (isFor(notification, connection)) this.#deps.notices.send(connection, notice);
      }
    }
  }

  #sendToListeners(notification: FramedNotification, conversationId: string): void {
    const channel = this.#deps.channels.find(conversationId);
    if (channel === undefined) return;
    const notice = noticeOf(notification, this.#deps.newId);
    for (const { connection, isLive } of channel.listeners) {
      if (isLive && connection.state.kind === "open" && isFor(notification, connection)) {
        this.#deps.notices.write(connection, notice);
      }
    }
  }

  #forceLogout({ data }: FramedNotification, users: readonly UserId[]): void {
    const loginIds = Array.isArray(data.loginIds) ? data.loginIds : [];
    for (const userId of users) {
      for (const connection of this.#deps.hub.connections(userId)) {
        if (!loginIds.includes(connection.caller?.loginId)) continue;
        endLogin(connection, String(data.reason), this.#deps.nowMs());
      }
    }
  }

  /** G8: places that another gateway asks to leave are left here. */
  #leavePlaces({ data }: FramedNotification): void {
    const { userId, close = [], left = [] } = data as unknown as PlacesPublished;
    for (const place of close) if (place.boot === this.#deps.boot) this.#deps.places.leave(userId, place);
    if (left.length > 0) this.#deps.places.wasLeft(userId);
  }

  /** Without target users: a setting of `data.userId` has changed, which concerns every watcher of that user. */
  #visibilityChanged({ data, target }: FramedNotification): void {
    if ("conversationId" in target && typeof data.userId === "string") this.#deps.presence.judgeWatchersOf(data.userId);
  }

  #conclude({ type, data }: FramedNotification, userId: UserId): void {
    const user = this.#deps.hub.find(userId);
    if (user === undefined) return;
    const { userVersion, sessionId } = data;
    if (typeof userVersion === "number") for (const { lists } of user.connections) lists.published(userVersion);
    if (type === "user.profile_updated") user.sender = undefined;
    else if (visibilityTypes.has(type)) {
      if (type === "friend.added") this.#deps.presence.befriended(userId, String(data.userId));
      this.#deps.presence.judge(userId, typeof data.userId === "string" ? data.userId : undefined);
    } else if (typeof sessionId === "string") this.#concludeOf(sessionId, { type, data }, userId);
  }

  #concludeOf(sessionId: ConversationId, { type, data }: Pick<FramedNotification, "type" | "data">, userId: UserId) {
    const { hub, channels, unread } = this.#deps;
    if (countedTypes.has(type)) unread.changed(userId, sessionId);
    else if (type === "session.deleted" && data.reason !== "hidden") channels.recheck(userId, sessionId);
    else if (fanoutTypes.has(type) && data.fanout === "conversation") {
      for (const connection of hub.connections(userId)) if (connection.isServed) channels.join(connection, sessionId);
    }
  }
}

function isFor(
  { type, exceptDeviceId, fromUserId }: FramedNotification,
  { caller }: Pick<UserConnection, "caller">,
): boolean {
  // A mention of everybody is published to all members at once; its sender is not mentioned.
  if (type === "message.mentioned" && fromUserId === caller?.userId) return false;
  if (exceptDeviceId === undefined || caller?.deviceId !== exceptDeviceId) return true;
  return fromUserId !== undefined && fromUserId !== caller.userId;
}
