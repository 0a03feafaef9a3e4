// The assistants that a user may talk to, as clients see them.

import { createAssistants, ownAssistantId } from "../../actors/models/assistants.ts";
import type { Catalog } from "../../actors/models/catalog.ts";
import { type Capabilities, capabilitiesByName } from "../../actors/models/catalog.ts";
import type { Assistant } from "../../actors/models/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";

export interface AssistantCard {
  assistantId: string;
  /** Who made it; `system` for a model of the system. */
  ownerId: UserId;
  name: string;
  model: string;
  avatar: string;
  /** vision, tools, reasoning. */
  capabilities: readonly string[];
}

interface Deps {
  readonly actors: Actors;
  readonly models?: { readonly catalog: Pick<Catalog, "list"> };
}

const noModels: Pick<Catalog, "list"> = { list: async () => [] };

export async function listAssistants({ actors, models }: Deps, userId: UserId): Promise<AssistantCard[]> {
  const assistants = await createAssistants({ actors, catalog: models?.catalog ?? noModels }).list(userId);
  return assistants.map((assistant) => cardOf(assistant, assistant.capabilities));
}

/**
 * A model that the system does not list is no error here: its replies say that nobody serves it. Throws llm.no_config for the
 * own upstream of a user who has none.
 */
export async function findAssistant(
  { actors }: Pick<Deps, "actors">,
  userId: UserId,
  assistantId: string,
): Promise<AssistantCard> {
  const found = await createAssistants({ actors, catalog: noModels }).find({ userId, assistantId });
  if (assistantId === ownAssistantId && found.model === "") throw new DomainError("llm.no_config");
  return cardOf(found);
}

export function cardOf(
  { assistantId, ownerId, name, model, avatar }: Assistant,
  capabilities: Capabilities = capabilitiesByName(model),
): AssistantCard {
  return { assistantId, ownerId, name, model, avatar, capabilities: namesOf(capabilities) };
}

function namesOf({ vision, tools, reasoning }: Capabilities): string[] {
  return [...(vision ? ["vision"] : []), ...(tools ? ["tools"] : []), ...(reasoning ? ["reasoning"] : [])];
}
