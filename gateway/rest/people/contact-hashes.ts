// Under which keys addresses of contacts are kept: hashes that nobody can compute, or try numbers against, without the secret.
import { createHmac } from "node:crypto";
import type { GatewayDeps } from "../../ports.ts";

/** 128 bits: two addresses do not meet. */
const hashBytes = 16;

/**
 * The hash of a canonical address (`phone:+49…`, `email:…`) under each secret of the server, the signing one first. What was kept
 * before the secret changed is found for as long as the older one verifies.
 */
export function contactHashes(secrets: GatewayDeps["auth"]["secrets"], address: string): string[] {
  return secrets.map(({ secret }) => {
    // Not the secret itself: a hash of a contact is never a signature of something else.
    const key = createHmac("sha256", secret).update("addresses of contacts").digest();
    return createHmac("sha256", key).update(address).digest().subarray(0, hashBytes).toString("base64url");
  });
}
