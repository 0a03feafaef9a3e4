// The assistants that a user may talk to: the system's models (`model-…`), the user's own upstream (`own`), and those that the
// user made.
import type { Assistant } from "../../actors/models/contract.ts";
import { ModelSettings } from "../../actors/models/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { isStampId, type UserId } from "../../actors/shared/ids.ts";
import { isLongerThan } from "../../actors/shared/names.ts";
import type { SystemModels } from "../ports.ts";

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
  readonly models?: SystemModels;
}

const systemOwner = "system";
const modelPrefix = "model-";
const ownId = "own";
/** Code points. */
const maxModelChars = 58;

export async function listAssistants({ actors, models }: Deps, userId: UserId): Promise<AssistantCard[]> {
  const settings = actors.get(ModelSettings, userId);
  const [listed, { upstream }, { assistants }] = await Promise.all([
    models?.list() ?? [],
    settings.upstream({}),
    settings.assistants({}),
  ]);
  const ofSystem = listed.map(({ model, capabilities }) => ({ ...cardOfModel(model), capabilities }));
  return [...ofSystem, ...(upstream ? [ownCard(userId, upstream.modelName)] : []), ...assistants.map(cardOf)];
}

/** A model that the system does not list is no error here: its replies say that nobody serves it. */
export async function findAssistant(
  { actors }: Pick<Deps, "actors">,
  userId: UserId,
  assistantId: string,
): Promise<AssistantCard> {
  if (assistantId.startsWith(modelPrefix)) {
    const model = assistantId.slice(modelPrefix.length);
    if (model !== "" && !isLongerThan(model, maxModelChars)) return cardOfModel(model);
  }
  const settings = actors.get(ModelSettings, userId);
  if (assistantId === ownId) {
    const { upstream } = await settings.upstream({});
    if (!upstream) throw new DomainError("llm.no_config");
    return ownCard(userId, upstream.modelName);
  }
  const { assistants } = isStampId(assistantId) ? await settings.assistants({}) : { assistants: [] };
  const found = assistants.find((assistant) => assistant.assistantId === assistantId);
  if (!found) throw new DomainError("llm.assistant_not_found");
  return cardOf(found);
}

function cardOfModel(model: string): AssistantCard {
  const assistantId = modelPrefix + model;
  return { assistantId, ownerId: systemOwner, name: model, model, avatar: "", capabilities: [] };
}

function ownCard(ownerId: UserId, model: string): AssistantCard {
  return { assistantId: ownId, ownerId, name: model, model, avatar: "", capabilities: [] };
}

export function cardOf({ assistantId, ownerId, name, model, avatar }: Assistant): AssistantCard {
  return { assistantId, ownerId, name, model, avatar, capabilities: [] };
}
