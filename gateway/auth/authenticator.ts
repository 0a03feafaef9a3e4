// Who is calling. Access tokens are JWTs (HS256) that carry the login.
import { createSecretKey, hash } from "node:crypto";
import { type DeviceType, parseDeviceType, Session } from "../../actors/session/contract.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { isStampId, type UserId } from "../../actors/shared/ids.ts";
import type { GatewayDeps } from "../ports.ts";
import { encodePart, isSignedHs256, signHs256 } from "./jws.ts";

export interface Caller {
  userId: UserId;
  deviceId: string;
  deviceType: DeviceType;
  loginId: string;
  expiresAtMs: number;
  /** The surface that issued the token, where that was not /api/v1. */
  dialect?: string;
  /** Of the refresh that issued the token; absent in tokens of a login. */
  refreshId?: string;
}
export interface Authenticator {
  issue(login: Omit<Caller, "expiresAtMs">): { accessToken: string; expiresIn: number };
  /** Throws auth.token_invalid or auth.token_expired. */
  verify(token: string): Promise<Caller>;
  /**
   * Checks signature, time and known revocations only. For the socket edge, where `connect` of the session actor refuses a
   * revoked login; a request is not authenticated by this alone.
   */
  readToken(token: string): Caller;
  /** Whether an access token of this refresh was used at this gateway. */
  wasUsed(refreshId: string): boolean;
}

/** The one-to-one chat has no refresh tokens, and promises its clients an hour. */
const maxLifeMs: Readonly<Record<string, number>> = { chat: 3_600_000 };
/** Of the hash of a refresh secret: 96 bits. */
const refreshIdChars = 16;
const maxTokenLength = 2_048; // characters; longer tokens are refused unread
const maxRefreshesSeen = 50_000; // then the one seen first is forgotten: a repeat of it counts as the first exchange
const maxCachedTokens = 50_000; // then the least recently used one is forgotten, and its next request asks the session actor again

export function createAuthenticator(
  deps: Pick<GatewayDeps, "auth" | "actors" | "clock" | "revocations">,
): Authenticator {
  const keys = deps.auth.secrets.map(({ kid, secret }) => ({
    header: encodePart({ alg: "HS256", typ: "JWT", kid }),
    key: createSecretKey(secret),
  }));
  const keyByHeader = new Map(keys.map(({ header, key }) => [header, key]));
  const signing = keys[0];
  if (!signing) throw new TypeError("at least one token secret is needed");
  const confirmed = new Map<string, Caller>();
  const refreshesSeen = new BoundedMap<string, true>(maxRefreshesSeen);

  return {
    issue(login) {
      const issuedAtMs = deps.clock.nowMs();
      const lifeMs = Math.min(deps.auth.accessTokenMs, maxLifeMs[login.dialect ?? ""] ?? Number.POSITIVE_INFINITY);
      const claims: Claims = {
        sub: login.userId,
        did: login.deviceId,
        dev: login.deviceType,
        lid: login.loginId,
        iat: Math.floor(issuedAtMs / 1_000),
        exp: Math.floor((issuedAtMs + lifeMs) / 1_000),
        ...(login.dialect !== undefined && { dia: login.dialect }),
        ...(login.refreshId !== undefined && { rid: login.refreshId.slice(0, refreshIdChars) }),
      };
      const signed = `${signing.header}.${encodePart(claims)}`;
      return {
        accessToken: `${signed}.${signHs256(signed, signing.key)}`,
        expiresIn: Math.floor(lifeMs / 1_000),
      };
    },

    readToken,

    wasUsed: (refreshId) => refreshesSeen.has(refreshId.slice(0, refreshIdChars)),

    async verify(token) {
      const tokenHash = hash("sha256", token.length > maxTokenLength ? "" : token, "base64");
      const cached = confirmed.get(tokenHash);
      if (cached) {
        confirmed.delete(tokenHash);
        checkStillGood(cached);
        confirmed.set(tokenHash, cached);
        return cached;
      }
      const caller = readToken(token);
      // A token that was never seen here may belong to a login that ended before this gateway knew of revocations.
      const { active } = await deps.actors.get(Session, caller.userId).isActive({ loginId: caller.loginId });
      if (!active) throw new DomainError("auth.token_invalid");
      // The login may have been revoked while the session actor answered (G8).
      checkStillGood(caller);
      if (confirmed.size >= maxCachedTokens) confirmed.delete(confirmed.keys().next().value ?? "");
      confirmed.set(tokenHash, caller);
      return caller;
    },
  };

  function readToken(token: string): Caller {
    if (token.length > maxTokenLength) throw new DomainError("auth.token_invalid");
    const parts = token.split(".");
    const [header = "", payload = "", signature = ""] = parts;
    // The header is one of ours, byte for byte, so neither `alg` nor `kid` is the client's choice.
    const key = keyByHeader.get(header);
    if (parts.length !== 3 || !key) throw new DomainError("auth.token_invalid");
    if (!isSignedHs256(`${header}.${payload}`, signature, key)) throw new DomainError("auth.token_invalid");
    const caller = callerOf(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Partial<Claims>);
    checkStillGood(caller);
    if (caller.refreshId !== undefined) refreshesSeen.set(caller.refreshId, true);
    return caller;
  }

  function checkStillGood(caller: Caller): void {
    if (caller.expiresAtMs <= deps.clock.nowMs()) throw new DomainError("auth.token_expired");
    if (deps.revocations.isRevoked(caller.loginId)) throw new DomainError("auth.token_invalid");
  }
}

interface Claims {
  sub: UserId;
  /** Device id, device type, login id. */
  did: string;
  dev: string;
  lid: string;
  /** Seconds since 1970. */
  iat: number;
  exp: number;
  dia?: string;
  rid?: string;
}

/** The signature is valid, but an older release may have signed other claims. */
function callerOf({ sub, did, dev, lid, exp, dia, rid }: Partial<Claims>): Caller {
  const deviceType = parseDeviceType(String(dev));
  if (typeof sub !== "string" || !isStampId(sub) || !deviceType) throw new DomainError("auth.token_invalid");
  if (typeof did !== "string" || typeof lid !== "string" || typeof exp !== "number") {
    throw new DomainError("auth.token_invalid");
  }
  const caller: Caller = { userId: sub, deviceId: did, deviceType, loginId: lid, expiresAtMs: exp * 1_000 };
  if (typeof dia === "string") caller.dialect = dia;
  if (typeof rid === "string") caller.refreshId = rid;
  return caller;
}
