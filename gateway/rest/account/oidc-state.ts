// What a login by OpenID Connect has to remember between its two requests, which may come to two gateways: it travels sealed in
// `state`, and works once.
import { createHash } from "node:crypto";
import { Once } from "../../../actors/once/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { ownCall } from "../kit/own-call.ts";
import type { Edge } from "../kit/route.ts";

interface OidcAttempt {
  redirectUri: string;
  nonce: string;
  /** Of PKCE; the client never sees it. */
  verifier: string;
}
interface Sealed extends OidcAttempt {
  untilMs: number;
}

/** A user may first have to register at the provider. */
const stateMs = 15 * 60_000;
const secretBits = 256;

export function newAttempt(edge: Edge, redirectUri: string): { attempt: OidcAttempt; state: string } {
  const attempt = { redirectUri, nonce: secretOf(edge), verifier: secretOf(edge) };
  const sealed: Sealed = { ...attempt, untilMs: edge.clock.nowMs() + stateMs };
  return { attempt, state: edge.secrets.seal(JSON.stringify(sealed)) };
}

/** Throws auth.code_wrong for a state that is none of ours or was used, auth.code_expired for an old one. */
export async function takeState(edge: Edge, state: string): Promise<OidcAttempt> {
  const { untilMs, ...attempt } = open(edge, state);
  if (untilMs < edge.clock.nowMs()) throw new DomainError("auth.code_expired");
  const requestId = edge.random.hex(128);
  const once = edge.actors.get(Once, `oidc-state:${digest(state)}`);
  const call = ownCall(edge);
  const { kind } = await once.begin({ hash: "", requestId, boot: edge.identity.boot }, call);
  if (kind !== "run") throw new DomainError("auth.code_wrong");
  // It stays used for longer than the state is good, whatever becomes of this gateway.
  const answer = { status: 200, contentType: "", requestId, attempts: 1, parts: 0 };
  await once.finish({ requestId, answer }, call);
  return attempt;
}

function open(edge: Edge, state: string): Sealed {
  try {
    const sealed = JSON.parse(edge.secrets.open(state)) as Partial<Sealed>;
    const { redirectUri, nonce, verifier, untilMs } = sealed;
    if (redirectUri && nonce && verifier && untilMs) return { redirectUri, nonce, verifier, untilMs };
  } catch {
    // Refused below, like a state of another kind.
  }
  throw new DomainError("auth.code_wrong");
}

function secretOf({ random }: Edge): string {
  return random.hex(secretBits);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
