import type { UserConnection } from "./user-connection.ts";

/** A user whose presence somebody watches, as the polls found the user. */
export interface Watched {
  /** Connections whose wish names the user, shown or not. */
  readonly watchers: Set<UserConnection>;
  isOnline: boolean;
  /** False until the state was read. */
  isKnown: boolean;
  /** The last poll did not find the user; the next one decides. */
  isLeaving: boolean;
}

export function notKnownYet(): Watched {
  return { watchers: new Set(), isOnline: false, isKnown: false, isLeaving: false };
}
