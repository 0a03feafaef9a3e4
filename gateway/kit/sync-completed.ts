// sync.completed: the user's devices are notified when a device has the complete answer to a long sync. The answer
// does not wait for the notification.
import type { Actors } from "../../actors/runtime/actors.ts";
import { Session } from "../../actors/session/contract.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import type { Log } from "../ports.ts";

export function notifySynced(
  { actors, log }: { actors: Actors; log: Pick<Log, "warn"> },
  { userId, deviceId, cursor }: { userId: UserId; deviceId: string; cursor: number },
): void {
  actors
    .get(Session, userId)
    .synced({ deviceId, cursor })
    .catch((thrown: unknown) => log.warn("sync: completion not notified", { userId, cause: String(thrown) }));
}
