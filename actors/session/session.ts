import { defineActor, type RecordMeta } from "../runtime/contract.ts";
import { defaultKickPolicy, type KickPolicy, Session } from "./contract.ts";
import type { ByType, SessionEvent } from "./events.ts";
import { createLoginCommands, loginAppliers, loginQueries } from "./logins.ts";
import { notifySession } from "./notify.ts";
import { decodeSession, encodeSession } from "./snapshot.ts";
import { socketAppliers, socketCommands } from "./sockets.ts";
import { createSessionState, type SessionState } from "./state.ts";
import { vectorAppliers, vectorCommands, vectorQueries } from "./vectors.ts";

export interface SessionOptions {
  kickPolicy?: KickPolicy;
  /** How long a refresh token is good. */
  refreshTokenMs?: number;
}

/** Busy while a device comes or goes, then silent for minutes. */
const passivateAfterMs = 5_000;

export const defaultRefreshTokenMs = 7 * 86_400_000;

export function createSession(options: SessionOptions = {}) {
  const { kickPolicy = defaultKickPolicy, refreshTokenMs = defaultRefreshTokenMs } = options;
  return defineActor(Session, {
    initial: createSessionState,
    apply(state: SessionState, event: SessionEvent, meta: RecordMeta): void {
      const apply = appliers[event.type] as (event: SessionEvent, state: SessionState, meta: RecordMeta) => void;
      apply(event, state, meta);
    },
    commands: { ...createLoginCommands({ kickPolicy, refreshTokenMs }), ...socketCommands, ...vectorCommands },
    queries: { ...loginQueries, ...vectorQueries },
    notify: notifySession,
    // Marks and sockets have keys of their own; a kept result of `connect` would journal a whole vector.
    selfIdempotent: ["connect", "disconnected", "progress", "issueCursor"],
    passivateAfterMs,
    encode: encodeSession,
    decode: decodeSession,
  });
}

const appliers: ByType<SessionEvent, [SessionState, RecordMeta], void> = {
  ...loginAppliers,
  ...socketAppliers,
  ...vectorAppliers,
};
