import type { ConversationId } from "../shared/ids.ts";
import type { DeviceType, EndReason, Place, Vector } from "./contract.ts";

export type SessionEvent = LoginEvent | PlaceEvent | VectorEvent;

export type LoginEvent =
  | { type: "created"; passwordHash: string }
  | { type: "password_changed"; passwordHash: string; credentialVersion: number; revoked: Revoked[] }
  | {
      type: "logged_in";
      loginId: string;
      deviceId: string;
      deviceType: DeviceType;
      refreshHash: string;
      /** The refresh token is refused after it. */
      refreshUntilMs: number;
      ip: string;
      userAgent: string;
      revoked: Revoked[];
      /** Absent in records of older releases, and where the client named none. */
      deviceName?: string;
      clientVersion?: string;
      /** Device and network were both new to the user. */
      isUnusual?: true;
    }
  | { type: "refreshed"; loginId: string; refreshHash: string; refreshUntilMs: number }
  | { type: "revoked"; revoked: Revoked[] };

export type PlaceEvent =
  /** `over`: places whose process has ended. */
  | { type: "placed"; place: Place; deviceId: string; over?: number[] }
  /** A device came back to its place: written at most once in `seenEveryMs`. */
  | { type: "seen"; loginId: string; deviceId: string }
  | { type: "left"; placeId: number }
  /** Both written by older releases for every socket; the processes they name have ended. */
  | { type: "connected" }
  | { type: "disconnected"; deviceId: string; progress?: Partial<Vector> };

export type VectorEvent =
  | { type: "progressed"; deviceId: string; progress: Partial<Vector> }
  | {
      type: "cursor_issued";
      deviceId: string;
      /** The stamp of this very record. */
      cursor: number;
      base: number;
      add: Partial<Vector>;
      drop?: ConversationId[];
      isStart?: true;
    };

export type RevokeReason = Exclude<EndReason, "expired">;

export interface Revoked {
  loginId: string;
  reason: RevokeReason;
  /** Remembered so long: by then every token of the login has expired. */
  keepUntilMs: number;
}

/** One function per event type: a missing one does not compile. */
export type ByType<E extends { type: string }, Args extends unknown[], Result> = {
  [T in E["type"]]: (event: Extract<E, { type: T }>, ...args: Args) => Result;
};
