import { DomainError } from "../../../actors/shared/errors.ts";
import type { Asking } from "../conversations/chats.ts";

/** Throws llm.no_config before a message is stored that nothing can answer: neither the user nor the system has a model. */
export async function refuseWithoutModel({ edge, userId }: Asking): Promise<void> {
  if (!edge.models) throw new DomainError("llm.no_config");
  await edge.models.directory.resolve({ payer: { userId }, surface: "chat", model: "" });
}
