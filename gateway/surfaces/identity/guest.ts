// Ways in without a password: an access code makes a guest, an `sk-` key is its maker.
import { Handle } from "../../../actors/handle/contract.ts";
import { Keyring } from "../../../actors/keyring/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { hashAccessCode } from "../../auth/access-codes.ts";
import { findKeyNow } from "../../auth/api-keys.ts";
import { networkOf } from "../../kit/client-address.ts";
import { limits } from "../../kit/rate-limit.ts";
import { ownCall } from "../../rest/kit/own-call.ts";
import type { Client, Edge, Subject } from "../../rest/kit/route.ts";

/** Wrong codes are counted for the network that they come from. */
export function codeSubject(...fields: readonly string[]) {
  return ({ body, client }: { body: unknown; client: Client }): Subject | undefined => {
    const given = (body ?? {}) as Record<string, unknown>;
    if (!fields.some((field) => typeof given[field] === "string")) return undefined;
    return { limit: limits.accessCode, key: networkOf(client.ip), counts: "failures" };
  };
}

/** One use of the code. Throws llm.code_wrong, llm.code_spent. */
export async function admitGuest(edge: Edge, code: string, call: CallOptions): Promise<UserId> {
  const hash = hashAccessCode(code);
  if (hash === undefined) throw new DomainError("llm.code_wrong");
  await edge.actors.get(Keyring, "system").redeem({ hash }, call);
  return makeGuest(edge);
}

/**
 * The maker of an active key. The keyring is asked, because a login lasts much longer than a gateway relies on what it remembers of
 * a key. Throws llm.key_invalid.
 */
export async function ownerOfKey(edge: Edge, key: string): Promise<UserId> {
  return (await findKeyNow(edge, key)).ownerId;
}

/** No name leads to this user, and nobody knows the password. */
async function makeGuest(edge: Edge): Promise<UserId> {
  const passwordHash = await edge.passwords.hash(edge.random.hex(256));
  const call = ownCall(edge);
  const handle = edge.actors.get(Handle, `guest:${edge.random.hex(128)}`);
  const guest = { nickname: "Guest", phone: "", email: "", account: "", role: "guest" as const };
  return (await handle.register({ ...guest, passwordHash }, call)).userId;
}
