// What a user, or the system, keeps for talking to models. Nothing here asks a model: requests are routed by those who read it.
import { defineActor, type RecordMeta } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { checkAssistant, checkAssistants, checkKey, checkSettings, checkUpstream } from "./checks.ts";
import { type Assistant, ModelSettings, type OwnUpstream, type ProviderKey, systemModels } from "./contract.ts";
import { maxModelItems } from "./limits.ts";

interface ModelsState {
  upstream?: OwnUpstream;
  /** Oldest first. */
  keys: ProviderKey[];
  assistants: Assistant[];
  settings: Readonly<Record<string, unknown>>;
}
type ModelsEvent =
  | { type: "upstreamSet"; upstream: Omit<OwnUpstream, "configuredAtMs"> }
  | { type: "keyAdded"; key: Omit<ProviderKey, "createdAtMs" | "isActive" | "usageCount"> }
  | { type: "keySwitched"; keyId: string; isActive: boolean }
  | { type: "keyRemoved"; keyId: string }
  | { type: "keyUsed"; keyId: string; count: number }
  | { type: "assistantPut"; assistant: Assistant }
  | { type: "assistantRemoved"; assistantId: string }
  | { type: "settingsSet"; settings: Readonly<Record<string, unknown>> };

export const modelSettings = defineActor(ModelSettings, {
  initial: (): ModelsState => ({ keys: [], assistants: [], settings: {} }),

  apply(state: ModelsState, event: ModelsEvent, meta: RecordMeta): void {
    switch (event.type) {
      case "upstreamSet":
        state.upstream = { ...event.upstream, configuredAtMs: meta.atMs };
        break;
      case "keyAdded":
        state.keys = [...state.keys, newKey(event.key, meta.atMs)];
        break;
      case "keySwitched":
        changeKey(state, event.keyId, (key) => ({ ...key, isActive: event.isActive }));
        break;
      case "keyRemoved":
        state.keys = state.keys.filter(({ keyId }) => keyId !== event.keyId);
        break;
      case "keyUsed":
        changeKey(state, event.keyId, (key) => used(key, event.count, meta.atMs));
        break;
      case "assistantPut":
        state.assistants = withAssistant(state.assistants, event.assistant);
        break;
      case "assistantRemoved":
        state.assistants = state.assistants.filter(({ assistantId }) => assistantId !== event.assistantId);
        break;
      case "settingsSet":
        state.settings = event.settings;
        break;
    }
  },

  commands: {
    setUpstream(turn, { modelUrl, modelName, sealedKey }) {
      const upstream = { modelUrl, modelName, sealedKey };
      checkUpstream(upstream);
      turn.emit({ type: "upstreamSet", upstream });
      return { ...upstream, configuredAtMs: turn.nowMs };
    },

    addKey(turn, { provider, displayName, sealedKey, keyHash, expiresAtMs }) {
      const given = { provider, displayName, sealedKey, keyHash, ...(expiresAtMs !== undefined && { expiresAtMs }) };
      checkKey(given, turn.nowMs);
      if (turn.state.keys.length >= maxModelItems.keys) throw new DomainError("llm.list_full");
      const key = { keyId: String(turn.stamp()), ...given };
      turn.emit({ type: "keyAdded", key });
      return newKey(key, turn.nowMs);
    },

    setKeyActive(turn, { keyId, isActive }) {
      const key = findKey(turn.state, keyId);
      if (key.isActive !== isActive) turn.emit({ type: "keySwitched", keyId, isActive });
      return { ...key, isActive };
    },

    removeKey(turn, { keyId }) {
      findKey(turn.state, keyId);
      turn.emit({ type: "keyRemoved", keyId });
      return null;
    },

    keyUsed(turn, { keyId, count }) {
      // The key may have been removed while its last requests ran.
      const isKnown = turn.state.keys.some((key) => key.keyId === keyId);
      if (isKnown && count > 0) turn.emit({ type: "keyUsed", keyId, count });
      return null;
    },

    putAssistant(turn, { assistantId, name, avatar, model, provider, systemPrompt }) {
      const { assistants } = turn.state;
      if (assistantId !== undefined && !assistants.some((each) => each.assistantId === assistantId)) {
        throw new DomainError("llm.assistant_not_found");
      }
      const given = { name, avatar, model, ...(provider !== undefined && { provider }), systemPrompt };
      checkAssistant(given);
      const assistant = { assistantId: assistantId ?? String(turn.stamp()), ownerId: turn.key, ...given };
      checkAssistants(withAssistant(assistants, assistant));
      turn.emit({ type: "assistantPut", assistant });
      return assistant;
    },

    removeAssistant(turn, { assistantId }) {
      if (!turn.state.assistants.some((each) => each.assistantId === assistantId)) {
        throw new DomainError("llm.assistant_not_found");
      }
      turn.emit({ type: "assistantRemoved", assistantId });
      return null;
    },

    changeSettings(turn, { patch }) {
      if (turn.key !== systemModels) throw new DomainError("common.forbidden");
      const settings = merged(turn.state.settings, patch);
      checkSettings(settings);
      turn.emit({ type: "settingsSet", settings });
      return { settings };
    },
  },

  queries: {
    upstream: ({ state }) => ({ upstream: state.upstream }),
    keys: ({ state }) => ({ keys: state.keys }),
    assistants: ({ state }) => ({ assistants: state.assistants }),
    settings: ({ state }) => ({ settings: state.settings }),
  },

  // Callers gather uses. A use that is counted twice after a retry changes no bill.
  selfIdempotent: ["keyUsed"],
  encode: (state) => state,
  decode: (plain) => ({ ...(plain as ModelsState) }),
});

function newKey(key: Omit<ProviderKey, "createdAtMs" | "isActive" | "usageCount">, createdAtMs: number): ProviderKey {
  return { ...key, isActive: true, createdAtMs, usageCount: 0 };
}

function used(key: ProviderKey, count: number, atMs: number): ProviderKey {
  return { ...key, usageCount: key.usageCount + count, lastUsedAtMs: Math.max(atMs, key.lastUsedAtMs ?? 0) };
}

function findKey({ keys }: ModelsState, keyId: string): ProviderKey {
  const key = keys.find((each) => each.keyId === keyId);
  if (key === undefined) throw new DomainError("llm.key_not_found");
  return key;
}

function changeKey(state: ModelsState, keyId: string, change: (key: ProviderKey) => ProviderKey): void {
  state.keys = state.keys.map((key) => (key.keyId === keyId ? change(key) : key));
}

function withAssistant(assistants: readonly Assistant[], assistant: Assistant): Assistant[] {
  const isKnown = assistants.some(({ assistantId }) => assistantId === assistant.assistantId);
  if (!isKnown) return [...assistants, assistant];
  return assistants.map((each) => (each.assistantId === assistant.assistantId ? assistant : each));
}

/** A name with the value null is removed, as in a JSON merge patch (RFC 7396); other values replace the whole value. */
function merged(
  settings: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const all = Object.entries({ ...settings, ...patch });
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined));
}
