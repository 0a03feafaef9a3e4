// Who is calling. Access tokens are JWTs (HS256) that carry the login.
// A1: a header that is not byte for byte one of ours is refused, so neither `alg` nor `kid` is ever the client's choice.
// A2: a revoked login is refused from the moment this gateway hears of it (G8), cached or not.
// A3: a token never seen here is believed only after the session actor confirmed its login.
import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from "node:crypto";
import { type DeviceType, parseDeviceType, Session } from "../../actors/session/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { isStampId, type UserId } from "../../actors/shared/ids.ts";
import type { GatewayDeps } from "../ports.ts";

export interface Caller {
  userId: UserId;
  deviceId: string;
  deviceType: DeviceType;
  loginId: string;
  expiresAtMs: number;
}
export interface Authenticator {
  issue(login: Omit<Caller, "expiresAtMs">): { accessToken: string; expiresIn: number };
  /** Throws auth.token_invalid or auth.token_expired. */
  verify(token: string): Promise<Caller>;
  /**
   * Signature, time and known revocations only: for the socket edge, which asks the session actor anyway (`connect`
   * refuses a revoked login). A request is not authenticated by this alone.
   */
  readToken(token: string): Caller;
}

const maxTokenLength = 2_048; // longer ones are refused unread
const maxCachedTokens = 50_000; // then the least recently used is forgotten, and its next request asks the session again

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

  return {
    issue(login) {
      const issuedAtMs = deps.clock.nowMs();
      const claims: Claims = {
        sub: login.userId,
        did: login.deviceId,
        dev: login.deviceType,
        lid: login.loginId,
        iat: Math.floor(issuedAtMs / 1_000),
        exp: Math.floor((issuedAtMs + deps.auth.accessTokenMs) / 1_000),
      };
      const signed = `${signing.header}.${encodePart(claims)}`;
      return {
        accessToken: `${signed}.${sign(signed, signing.key).toString("base64url")}`,
        expiresIn: Math.floor(deps.auth.accessTokenMs / 1_000),
      };
    },

    readToken,

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
      const { active } = await deps.actors.get(Session, caller.userId).isActive({ loginId: caller.loginId });
      if (!active) throw new DomainError("auth.token_invalid");
      // A2: it may have been revoked while the question was on its way.
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
    const key = keyByHeader.get(header); // A1
    if (parts.length !== 3 || !key) throw new DomainError("auth.token_invalid");
    const expected = sign(`${header}.${payload}`, key);
    const given = Buffer.from(signature, "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new DomainError("auth.token_invalid");
    }
    const caller = callerOf(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Partial<Claims>);
    checkStillGood(caller);
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
}

/** The signature is ours, yet an older release may have signed other claims. */
function callerOf({ sub, did, dev, lid, exp }: Partial<Claims>): Caller {
  const deviceType = parseDeviceType(String(dev));
  if (typeof sub !== "string" || !isStampId(sub) || !deviceType) throw new DomainError("auth.token_invalid");
  if (typeof did !== "string" || typeof lid !== "string" || typeof exp !== "number") {
    throw new DomainError("auth.token_invalid");
  }
  return { userId: sub, deviceId: did, deviceType, loginId: lid, expiresAtMs: exp * 1_000 };
}

function sign(text: string, key: KeyObject): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
