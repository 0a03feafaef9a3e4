import { defineActor, type RecordMeta } from "../runtime/contract.ts";
import { Session } from "./contract.ts";
import type { ByType, SessionEvent } from "./events.ts";
import { defaultKickPreset, type KickPolicy, kickPresets } from "./kick-presets.ts";
import { createLoginCommands, loginAppliers, loginQueries } from "./logins.ts";
import { notifySession } from "./notify.ts";
import { createPlaceCommands, placeAppliers } from "./places.ts";
import { decodeSession, encodeSession } from "./snapshot.ts";
import { createSessionState, type SessionState } from "./state.ts";
import { vectorAppliers, vectorCommands, vectorQueries } from "./vectors.ts";

export interface SessionOptions {
  kickPolicy?: KickPolicy;
  /** How long a refresh token is good. */
  refreshTokenMs?: number;
  /** True when the process `boot` is known to serve nobody any more. Default: nothing is known. */
  isClosed?(boot: string): boolean;
}

/** Busy while a device comes or goes, then silent for minutes. */
const passivateAfterMs = 5_000;

export const defaultRefreshTokenMs = 7 * 86_400_000;

export function createSession(options: SessionOptions = {}) {
  const {
    kickPolicy = kickPresets[defaultKickPreset],
    refreshTokenMs = defaultRefreshTokenMs,
    isClosed = () => false,
  } = options;
  return defineActor(Session, {
    initial: createSessionState,
    apply(state: SessionState, event: SessionEvent, meta: RecordMeta): void {
      const apply = appliers[event.type] as (event: SessionEvent, state: SessionState, meta: RecordMeta) => void;
      apply(event, state, meta);
    },
    commands: {
      ...createLoginCommands({ kickPolicy, refreshTokenMs }),
      ...createPlaceCommands({ isClosed }),
      ...vectorCommands,
    },
    queries: { ...loginQueries, ...vectorQueries },
    notify: notifySession,
    // Marks and places have keys of their own; a kept result of `connect` would journal a whole vector.
    selfIdempotent: ["connect", "leave", "progress", "issueCursor", "synced"],
    passivateAfterMs,
    encode: encodeSession,
    decode: decodeSession,
  });
}

const appliers: ByType<SessionEvent, [SessionState, RecordMeta], void> = {
  ...loginAppliers,
  ...placeAppliers,
  ...vectorAppliers,
};
