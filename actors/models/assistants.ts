// The assistants that a user may use: the user's own upstream, those that the user made, those of the system, and the system's
// models, each of them an assistant without a system prompt.
import type { Actors } from "../runtime/actors.ts";
import { DomainError } from "../shared/errors.ts";
import { isStampId, type UserId } from "../shared/ids.ts";
import { isLongerThan } from "../shared/names.ts";
import { type Capabilities, type Catalog, capabilitiesByName } from "./catalog.ts";
import { type Assistant, ModelSettings, type OwnUpstream, systemModels } from "./contract.ts";
import { maxModelChars } from "./limits.ts";
import { ownProvider } from "./targets.ts";

/** The assistant of whoever uses it: their own upstream. */
export const ownAssistantId = "own";
const modelPrefix = "model-";

interface UsableAssistant extends Assistant {
  capabilities: Capabilities;
}

interface Assistants {
  list(userId: UserId): Promise<readonly UsableAssistant[]>;
  /**
   * `ownerId`: who made it, where that is known; else it is looked for at the user and at the system. The own upstream is
   * found also before it is configured. Throws llm.assistant_not_found.
   */
  find(question: { userId: UserId; assistantId: string; ownerId?: UserId }): Promise<Assistant>;
}

export function createAssistants({ actors, catalog }: { actors: Actors; catalog: Pick<Catalog, "list"> }): Assistants {
  const settingsOf = (userId: UserId) => actors.get(ModelSettings, userId);
  return {
    async list(userId) {
      const [{ upstream }, mine, ofSystem, models] = await Promise.all([
        settingsOf(userId).upstream({}),
        settingsOf(userId).assistants({}),
        settingsOf(systemModels).assistants({}),
        catalog.list(),
      ]);
      const made = [...mine.assistants, ...ofSystem.assistants];
      return [
        ...(upstream ? [withCapabilities(ownAssistant(userId, upstream))] : []),
        ...made.map(withCapabilities),
        ...models
          .filter(({ capabilities: { images, embeddings } }) => !images && !embeddings)
          .map(({ id, capabilities }) => ({ ...modelAssistant(id), capabilities })),
      ];
    },

    async find({ userId, assistantId, ownerId }) {
      if (assistantId === ownAssistantId) return ownAssistant(userId, (await settingsOf(userId).upstream({})).upstream);
      const model = modelNamed(assistantId);
      if (model !== undefined) return modelAssistant(model);
      if (isStampId(assistantId)) {
        for (const owner of new Set([ownerId ?? userId, systemModels])) {
          const { assistants } = await settingsOf(owner).assistants({});
          const found = assistants.find((each) => each.assistantId === assistantId);
          if (found) return found;
        }
      }
      throw new DomainError("llm.assistant_not_found");
    },
  };
}

/** The assistant of a system model. Names that no list has are taken: the upstream knows what it serves. */
export function modelAssistantId(model: string): string {
  return `${modelPrefix}${model}`;
}

function modelNamed(assistantId: string): string | undefined {
  if (!assistantId.startsWith(modelPrefix)) return undefined;
  const model = assistantId.slice(modelPrefix.length);
  return model.trim() === "" || isLongerThan(model, maxModelChars.modelName) || /\p{Cc}/u.test(model)
    ? undefined
    : model;
}

function modelAssistant(model: string): Assistant {
  const assistantId = modelAssistantId(model);
  return { assistantId, ownerId: systemModels, name: model, avatar: "", model, systemPrompt: "" };
}

function ownAssistant(userId: UserId, upstream: OwnUpstream | undefined): Assistant {
  const model = upstream?.modelName ?? "";
  return {
    ...{ assistantId: ownAssistantId, ownerId: userId, name: model || "AI", avatar: "" },
    ...{ model, provider: ownProvider, systemPrompt: "" },
  };
}

function withCapabilities(assistant: Assistant): UsableAssistant {
  return { ...assistant, capabilities: capabilitiesByName(assistant.model) };
}
