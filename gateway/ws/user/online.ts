// Counts served connections in the presence store. Presence is a courtesy: a store that is away fails no handshake.
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { Log, Presence } from "../../ports.ts";
import type { UserConnection } from "./user-connection.ts";

interface OnlineDeps {
  readonly presence: Pick<Presence, "online" | "offline">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Pick<Log, "warn">;
}

export class Online {
  #deps: OnlineDeps;

  constructor(deps: OnlineDeps) {
    this.#deps = deps;
  }

  began(connection: UserConnection): void {
    const { presence, clock, log } = this.#deps;
    const { id: connectionId, userId, caller } = connection;
    const platform = caller?.deviceType ?? "";
    connection.isOnline = true;
    presence.online(userId, { connectionId, platform, atMs: clock.nowMs() }).catch((thrown: unknown) => {
      log.warn("presence: online not stored", { userId, connectionId, cause: String(thrown) });
    });
  }

  ended(connection: UserConnection): void {
    if (!connection.isOnline) return;
    const { presence, clock, log } = this.#deps;
    const { id: connectionId, userId } = connection;
    connection.isOnline = false;
    presence.offline(userId, connectionId, clock.nowMs()).catch((thrown: unknown) => {
      log.warn("presence: offline not stored", { userId, connectionId, cause: String(thrown) });
    });
  }
}
