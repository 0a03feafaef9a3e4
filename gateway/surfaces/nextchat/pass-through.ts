// Requests without a session, which pass through.
import type { V1Caller } from "../../v1/caller.ts";
import type { Principal } from "../kit/principal.ts";

/** Fields of the body that are this server's. */
const ownFields = ["session_id", "sessionId", "provider"];

export function passThroughOf({ provider }: Readonly<Record<string, unknown>>) {
  return { surface: "nextchat" as const, provider: typeof provider === "string" ? provider : undefined, ownFields };
}

export function payerOf({ userId, key }: Principal): V1Caller {
  if (!key) return { payer: { userId } };
  return { payer: { userId, keyId: key.keyId }, keyLimits: key.limits };
}
