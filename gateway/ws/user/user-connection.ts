import type { StalePlace } from "../../../actors/session/contract.ts";
import { Receiver } from "../delivery/listener.ts";
import type { Notice, Unconfirmed } from "./notice.ts";
import type { PresenceWish } from "./presence-wish.ts";
import { UserVersions } from "./user-versions.ts";

/** A connection with what its user's layer keeps of it. */
export abstract class UserConnection extends Receiver {
  /** How far the device knows the user's own lists. */
  readonly lists = new UserVersions();
  /** Notifications without version that came during the handshake. */
  heldNotices: Notice[] | undefined = undefined;
  /** Notifications that the device has to confirm. */
  unconfirmed: readonly Unconfirmed[] | undefined = undefined;
  /** Unknown until the session actor has answered. */
  placeId: number | undefined = undefined;
  /** The newest place of its login that was left while the first answer was under way. */
  placeLeft: StalePlace | undefined = undefined;
  /** The presence store counts this connection. */
  isOnline = false;
  /** Whose presence the device wants to see. */
  presence: PresenceWish | undefined = undefined;
  /** The device has subscribed by itself. */
  asksForPresence = false;
  /** When the user is compared with the present next; 0: not decided yet. */
  compareAtMs = 0;
}
