// Who asks: a program with an `sk-` key, or a user with the token of a login.
import type { IncomingMessage } from "node:http";
import type { ApiKey } from "../../actors/keyring/contract.ts";
import type { Payer } from "../../actors/llm/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { bearerOf } from "../kit/bearer.ts";
import { addressOf, networkOf } from "../kit/client-address.ts";
import type { Edge } from "../rest/kit/route.ts";
import { authenticate, credentialsOf, type Principal } from "../surfaces/kit/principal.ts";

export interface V1Caller {
  payer: Payer;
  keyLimits?: ApiKey["limits"];
}

export async function callerOf(edge: Edge, request: IncomingMessage): Promise<V1Caller> {
  const network = networkOf(addressOf(request, edge.trustedProxies ?? 0));
  const principal = await authenticate(edge, "key", credentialsOf(request, bearerOf(request.headers)), network);
  if (!principal) throw new DomainError("llm.key_invalid");
  return payerOf(principal);
}

export function payerOf({ userId, key }: Principal): V1Caller {
  if (!key) return { payer: { userId } };
  return { payer: { userId, keyId: key.keyId }, keyLimits: key.limits };
}
