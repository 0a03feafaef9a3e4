// A refresh token is exchanged for new tokens of the same login.
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { Session, type SessionCommands } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import {
  createRefreshSecret,
  deriveRefreshSecret,
  encodeRefreshToken,
  hashRefreshSecret,
  parseRefreshToken,
  type RefreshToken,
} from "../../auth/refresh-token.ts";
import type { Dialect } from "../../ports.ts";
import type { Client, Edge } from "../kit/route.ts";
import type { Tokens } from "./login.ts";

/** Throws auth.refresh_invalid, auth.refresh_expired, auth.banned, auth.frozen. */
export async function refreshLogin(
  edge: Edge,
  refreshToken: string,
  { call, client, dialect }: { call: CallOptions; client: Client; dialect?: Dialect },
): Promise<Tokens> {
  const old = parseRefreshToken(refreshToken);
  if (!old) throw new DomainError("auth.refresh_invalid");
  const { userId, loginId } = old;
  const secret = nextSecret(edge, old, client);
  const refreshId = hashRefreshSecret(secret);
  const oldHash = hashRefreshSecret(old.secret);
  // Without the address, which other keys without a user include: a device may retry from another address.
  const commandId = client.idempotencyKey && `refresh:${oldHash}:${client.idempotencyKey}`;
  const command = { loginId, oldHash, newHash: refreshId };
  const { deviceId, deviceType } = await rotate(edge, userId, command, { ...call, commandId });
  const token = edge.authenticator.issue({ userId, loginId, deviceId, deviceType, dialect, refreshId });
  return { userId, ...token, refreshToken: encodeRefreshToken({ userId, loginId, secret }) };
}

/**
 * The same for every repeat, because the first answer may have been lost; another one when a token of that answer was used
 * here: then the old token was copied.
 */
function nextSecret(edge: Edge, old: RefreshToken, { idempotencyKey }: Client): string {
  const [signing] = edge.auth.secrets;
  if (!signing) return createRefreshSecret(edge.random);
  const derived = deriveRefreshSecret(signing.secret, old.secret);
  const isUsed = idempotencyKey === undefined && edge.authenticator.wasUsed(hashRefreshSecret(derived));
  return isUsed ? createRefreshSecret(edge.random) : derived;
}

/** An old token that is used again was copied: its login is revoked. */
async function rotate(
  edge: Edge,
  userId: string,
  command: Parameters<SessionCommands["refresh"]>[0],
  call: CallOptions,
) {
  try {
    const rotated = await edge.actors.get(Session, userId).refresh(command, call);
    if (!rotated.reused) return rotated;
    await edge.revocations.revoke([command.loginId], "token_reused");
  } catch (error) {
    // A token that names no user is answered like any other invalid token.
    if (!(error instanceof DomainError && error.error === "auth.user_not_found")) throw error;
  }
  throw new DomainError("auth.refresh_invalid");
}
