import { ModelSettings } from "../../../actors/models/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { Asking } from "../conversations/chats.ts";

/**
 * Throws llm.no_config before a message is stored that nobody may answer: a user of this surface has an own upstream, or the
 * operator has configured one for users without.
 */
export async function refuseWithoutModel({ edge, userId, call }: Asking): Promise<void> {
  const { upstream } = await edge.actors.get(ModelSettings, userId).upstream({}, call);
  if (!upstream && !edge.models?.hasDefaultUpstream) throw new DomainError("llm.no_config");
}
