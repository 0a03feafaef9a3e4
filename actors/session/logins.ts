import type { Query, RecordMeta, Turn } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { DeviceType, SessionCommands, SessionQueries } from "./contract.ts";
import type { ByType, LoginEvent, Revoked, RevokeReason, SessionEvent } from "./events.ts";
import { historyQuery, isUnusual } from "./history.ts";
import { decideKicks } from "./kick-policy.ts";
import type { KickPolicy } from "./kick-presets.ts";
import {
  endExpiredLogins,
  maxLogins,
  maxOldRefreshHashes,
  revokeLogins,
  type SessionState,
  type StoredLogin,
} from "./state.ts";

type SessionTurn = Turn<SessionState, SessionEvent>;
type Input<N extends keyof SessionCommands> = Parameters<SessionCommands[N]>[0];
type Output<N extends keyof SessionCommands> = ReturnType<SessionCommands[N]>;

interface LoginOptions {
  kickPolicy: KickPolicy;
  refreshTokenMs: number;
}

/** Revoked logins are remembered so much longer than their tokens live: hosts' clocks differ. */
export const revokedMarginMs = 86_400_000;
/** So long after a rotation the old token may be exchanged again for the same new one: the answer may have been lost. */
export const refreshRepeatMs = 30_000;
const maxDeviceIdLength = 128;
const maxIpLength = 64;
const maxUserAgentLength = 256;
const maxDeviceNameLength = 128; // UTF-16 units; the edge refuses more than 64 code points
const maxClientVersionLength = 64;

export function createLoginCommands({ kickPolicy, refreshTokenMs }: LoginOptions) {
  const revoke: Revoke = (turn, loginIds, reason) =>
    loginIds.map((loginId) => ({ loginId, reason, keepUntilMs: turn.nowMs + refreshTokenMs + revokedMarginMs }));

  return {
    create(turn: SessionTurn, { passwordHash }: Input<"create">): null {
      if (!turn.state.credentials) turn.emit({ type: "created", passwordHash });
      return null;
    },

    login(turn: SessionTurn, input: Input<"login">): Output<"login"> {
      const { credentialVersion } = getUsableCredentials(turn.state);
      if (input.credentialVersion !== undefined && input.credentialVersion !== credentialVersion) {
        throw new DomainError("common.conflict");
      }
      const { deviceId, deviceType, refreshHash, ip, userAgent, deviceName = "", clientVersion = "" } = input;
      const kicked = listKicked(turn, kickPolicy, { deviceId, deviceType });
      const loginId = String(turn.stamp());
      turn.emit({
        ...{ type: "logged_in", loginId, deviceId, deviceType, refreshHash },
        refreshUntilMs: turn.nowMs + refreshTokenMs,
        ip: ip.slice(0, maxIpLength),
        userAgent: userAgent.slice(0, maxUserAgentLength),
        revoked: kicked.flatMap(({ loginId, reason }) => revoke(turn, [loginId], reason)),
        ...(deviceName !== "" && { deviceName: deviceName.slice(0, maxDeviceNameLength) }),
        ...(clientVersion !== "" && { clientVersion: clientVersion.slice(0, maxClientVersionLength) }),
        ...(isUnusual(turn.state, { deviceId, ip }) && { isUnusual: true }),
      });
      return { loginId, revoked: kicked };
    },

    refresh(turn: SessionTurn, { loginId, oldHash, newHash }: Input<"refresh">): Output<"refresh"> {
      getUsableCredentials(turn.state);
      const login = turn.state.logins.get(loginId);
      if (!login) throw new DomainError("auth.refresh_invalid");
      const { deviceId, deviceType, refreshHash, refreshUntilMs, oldRefreshHashes } = login;
      const rotatedAtMs = refreshUntilMs - refreshTokenMs;
      const isRepeat = newHash === refreshHash && oldHash === oldRefreshHashes.at(-1);
      if (isRepeat && turn.nowMs <= rotatedAtMs + refreshRepeatMs) return { deviceId, deviceType };
      if (oldRefreshHashes.includes(oldHash)) {
        turn.emit({ type: "revoked", revoked: revoke(turn, [loginId], "token_reused") });
        return { deviceId, deviceType, reused: true };
      }
      if (oldHash !== refreshHash) throw new DomainError("auth.refresh_invalid");
      if (refreshUntilMs < turn.nowMs) throw new DomainError("auth.refresh_expired");
      const untilMs = turn.nowMs + refreshTokenMs;
      turn.emit({ type: "refreshed", loginId, refreshHash: newHash, refreshUntilMs: untilMs });
      return { deviceId, deviceType };
    },

    logout(turn: SessionTurn, { loginId, deviceId, reason = "logout" }: Input<"logout">): Output<"logout"> {
      const all = [...turn.state.logins.values()];
      const isMeant = (login: StoredLogin): boolean =>
        loginId !== undefined ? login.loginId === loginId : deviceId === undefined || login.deviceId === deviceId;
      const revoked = all.filter(isMeant).map((login) => login.loginId);
      if (revoked.length > 0) turn.emit({ type: "revoked", revoked: revoke(turn, revoked, reason) });
      return { revoked };
    },

    changePassword(turn: SessionTurn, input: Input<"changePassword">): Output<"changePassword"> {
      const { credentialVersion } = getUsableCredentials(turn.state);
      if (input.credentialVersion !== credentialVersion) throw new DomainError("common.conflict");
      return setPassword(turn, revoke, input.passwordHash, input.keepLoginId);
    },

    resetPassword(turn: SessionTurn, { passwordHash }: Input<"resetPassword">): Output<"resetPassword"> {
      getUsableCredentials(turn.state);
      return setPassword(turn, revoke, passwordHash);
    },
  };
}

/** How logins that end are remembered. */
type Revoke = (turn: SessionTurn, loginIds: readonly string[], reason: RevokeReason) => Revoked[];

function setPassword(
  turn: SessionTurn,
  revoke: Revoke,
  passwordHash: string,
  keepLoginId?: string,
): { revoked: string[] } {
  const { credentialVersion } = getCredentials(turn.state);
  const revoked = [...turn.state.logins.keys()].filter((loginId) => loginId !== keepLoginId);
  turn.emit({
    ...{ type: "password_changed", passwordHash, credentialVersion: credentialVersion + 1 },
    revoked: revoke(turn, revoked, "password_changed"),
  });
  return { revoked };
}

export const loginAppliers: ByType<LoginEvent, [SessionState, RecordMeta], void> = {
  created({ passwordHash }, state) {
    state.credentials = { passwordHash, credentialVersion: 1, status: "normal" };
  },
  password_changed({ passwordHash, credentialVersion, revoked }, state, { atMs }) {
    const status = state.credentials?.status ?? "normal";
    state.credentials = { passwordHash, credentialVersion, status };
    revokeLogins(state, revoked, atMs);
  },
  logged_in({ type: _, revoked, isUnusual: __, deviceName = "", clientVersion = "", ...login }, state, { atMs }) {
    revokeLogins(state, revoked, atMs);
    endExpiredLogins(state, atMs);
    const named = { ...login, deviceName, clientVersion };
    state.logins.set(login.loginId, { ...named, createdAtMs: atMs, lastSeenMs: atMs, oldRefreshHashes: [] });
  },
  refreshed({ loginId, refreshHash, refreshUntilMs }, state, { atMs }) {
    const login = state.logins.get(loginId);
    if (!login) return;
    const oldRefreshHashes = [...login.oldRefreshHashes, login.refreshHash].slice(-maxOldRefreshHashes);
    state.logins.set(loginId, { ...login, refreshHash, refreshUntilMs, oldRefreshHashes, lastSeenMs: atMs });
  },
  revoked({ revoked }, state, { atMs }) {
    revokeLogins(state, revoked, atMs);
  },
};

export const loginQueries = {
  credentials: ({ state }: Query<SessionState>) => ({ ...getCredentials(state) }),

  isActive: ({ state }: Query<SessionState>, { loginId }: { loginId: string }) => ({
    active: state.credentials?.status === "normal" && state.logins.has(loginId),
  }),

  ...historyQuery,

  logins: (query: Query<SessionState>): ReturnType<SessionQueries["logins"]> => ({
    logins: listActive(query).map(({ refreshHash: _, refreshUntilMs: __, oldRefreshHashes: ___, ...login }) => login),
  }),
};

/** Logins that end when this device logs in. Throws auth.too_many_devices when the policy refuses the device. */
function listKicked(
  turn: SessionTurn,
  policy: KickPolicy,
  device: { deviceId: string; deviceType: DeviceType },
): Output<"login">["revoked"] {
  const { deviceId } = device;
  if (deviceId === "" || deviceId.length > maxDeviceIdLength) {
    throw new DomainError("common.invalid", { details: { field: "deviceId" } });
  }
  const decision = decideKicks(policy, listActive(turn), device, maxLogins);
  if (decision.kind === "admitted") return decision.revoked;
  throw new DomainError("auth.too_many_devices", {
    details: { deviceClass: decision.deviceClass, maxLogins: decision.maxLogins },
  });
}

/** Logins whose refresh token is still good. */
function listActive({ state, nowMs }: Query<SessionState>): StoredLogin[] {
  return [...state.logins.values()].filter(({ refreshUntilMs }) => refreshUntilMs >= nowMs);
}

function getCredentials({ credentials }: SessionState): NonNullable<SessionState["credentials"]> {
  if (!credentials) throw new DomainError("auth.user_not_found");
  return credentials;
}

export function getUsableCredentials(state: SessionState): NonNullable<SessionState["credentials"]> {
  const credentials = getCredentials(state);
  if (credentials.status === "banned") throw new DomainError("auth.banned");
  if (credentials.status === "frozen") throw new DomainError("auth.frozen");
  return credentials;
}
