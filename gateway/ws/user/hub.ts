// Which users and logins have connections on this gateway. A login's connections are found from the moment its token was
// read, so that a revocation misses none; a closing connection is out of every list at once.
import type { UserId } from "../../../actors/shared/ids.ts";
import type { NotificationSource } from "../../ports.ts";
import type { Sender } from "./senders.ts";
import type { UserConnection } from "./user-connection.ts";

interface HubDeps {
  readonly notifications: Pick<NotificationSource, "addUser" | "removeUser">;
  readonly maxConnectionsPerUser: number;
}

interface LocalUser {
  connections: readonly UserConnection[];
  /** Set once a connection of the user has sent a message. */
  sender: Sender | undefined;
}

const none: readonly UserConnection[] = [];

export class Hub {
  #deps: HubDeps;
  #users = new Map<UserId, LocalUser>();
  #logins = new Map<string, readonly UserConnection[]>();

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  find(userId: UserId): LocalUser | undefined {
    return this.#users.get(userId);
  }

  connections(userId: UserId): readonly UserConnection[] {
    return this.#users.get(userId)?.connections ?? none;
  }

  ofLogin(loginId: string): readonly UserConnection[] {
    return this.#logins.get(loginId) ?? none;
  }

  /** The connection's token was read. False: the user has too many connections. */
  enter(connection: UserConnection, userId: UserId, loginId: string): boolean {
    let user = this.#users.get(userId);
    if (user === undefined) {
      user = { connections: none, sender: undefined };
      this.#users.set(userId, user);
      this.#deps.notifications.addUser(userId);
    }
    if (user.connections.length >= this.#deps.maxConnectionsPerUser) return false;
    user.connections = [...user.connections, connection];
    this.#logins.set(loginId, [...this.ofLogin(loginId), connection]);
    return true;
  }

  leave(connection: UserConnection): void {
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
    this.#deps.notifications.removeUser(caller.userId);
  }
}
