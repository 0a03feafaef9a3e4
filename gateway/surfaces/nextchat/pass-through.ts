// Requests without a session, which pass through.

/** Fields of the body that are this server's. */
const ownFields = ["session_id", "sessionId", "provider"];

export function passThroughOf({ provider }: Readonly<Record<string, unknown>>) {
  return { surface: "nextchat" as const, provider: typeof provider === "string" ? provider : undefined, ownFields };
}
