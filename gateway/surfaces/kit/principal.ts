// Who sends a request to a surface: a login, by its token or by the cookie of the admin pages, or a program by its key.
import type { IncomingMessage } from "node:http";
import type { ApiKey } from "../../../actors/keyring/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { isApiKey } from "../../auth/api-keys.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { isHeldSoon } from "../../kit/held-lease.ts";
import { limits, takeOrRefuse } from "../../kit/rate-limit.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { isForged } from "./same-origin.ts";
import type { SurfaceAuth } from "./surface.ts";

export interface Principal {
  /** The user, or the maker of the key. */
  readonly userId: UserId;
  readonly login?: Caller;
  readonly key?: ApiKey;
}

/** Holds the access token of an administrator. */
export const adminCookie = "parley_admin";

/** What a request brings to prove who it is. */
interface Credentials {
  bearer?: string;
  /** The headers x-api-key and api-key, for clients that send no Authorization. */
  apiKey?: string;
  cookie?: string;
  /** A page of another origin made the browser send it: its cookie proves nothing. */
  isForged: boolean;
}

export function credentialsOf(
  { method, headers }: Pick<IncomingMessage, "method" | "headers">,
  bearer: string | undefined,
): Credentials {
  const apiKey = headers["x-api-key"] ?? headers["api-key"];
  const cookie = new RegExp(`(?:^|;\\s*)${adminCookie}=([^;\\s]+)`).exec(String(headers.cookie ?? ""))?.[1];
  return {
    bearer,
    apiKey: typeof apiKey === "string" ? apiKey : undefined,
    cookie,
    isForged: isForged(method, headers),
  };
}

/**
 * Throws auth.token_invalid, auth.token_expired, llm.key_invalid, common.too_many, common.forbidden; undefined where nobody has
 * to log in. `network`: where the request comes from, whose guesses at keys are limited.
 */
export async function authenticate(
  edge: Edge,
  auth: SurfaceAuth,
  { bearer, apiKey, cookie, isForged }: Credentials,
  network: string,
): Promise<Principal | undefined> {
  if (auth === "none") return undefined;
  const secret = bearer ?? (auth === "key" ? apiKey : undefined) ?? (auth === "admin" ? cookie : undefined);
  if (secret === undefined) throw new DomainError(auth === "key" ? "llm.key_invalid" : "auth.token_invalid");
  if (secret === cookie && bearer === undefined && isForged) throw new DomainError("common.forbidden");
  // Without the host's lease a revocation might not have been read yet (J5).
  if (!(await isHeldSoon(edge))) throw new DomainError("common.unavailable");
  if (auth === "key" && isApiKey(secret)) {
    const key = await edge.keys.find(secret, () => takeOrRefuse(edge.rateLimits, limits.keyGuess, network));
    return { userId: key.ownerId, key };
  }
  const login = await edge.authenticator.verify(secret);
  if (auth === "admin") await refuseOthersThanAdmins(edge, login.userId);
  return { userId: login.userId, login };
}

async function refuseOthersThanAdmins(edge: Edge, userId: UserId): Promise<void> {
  const { role } = await edge.actors.get(User, userId).standing({});
  if (role !== "admin") throw new DomainError("common.forbidden");
}
