import { ModelSettings } from "../../../actors/models/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { Asking } from "../conversations/chats.ts";

/**
 * Throws llm.no_config before a message is stored, unless the user has set a model, or the operator one for its users: the system
 * does not pay unasked.
 */
export async function refuseWithoutModel({ edge, userId, call }: Asking): Promise<void> {
  if (edge.models?.hasDefaultUpstream) return;
  const { upstream } = await edge.actors.get(ModelSettings, userId).upstream({}, call);
  if (!upstream) throw new DomainError("llm.no_config");
}
