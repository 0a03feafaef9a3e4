// The keyring: keys and access codes by the hash of their secret. A code is redeemed exactly as often as it may be, because one
// mailbox decides all of it.
import { defineActor } from "../runtime/contract.ts";
import { DomainError, invalidField } from "../shared/errors.ts";
import { type AccessCode, type ApiKey, Keyring } from "./contract.ts";
import { maxCodes, maxKeys, maxKeysPerOwner } from "./limits.ts";

interface KeyringState {
  /** By hash. */
  keys: Map<string, ApiKey>;
  codes: Map<string, AccessCode>;
  hashOfKey: Map<string, string>;
  hashOfCode: Map<string, string>;
  /** The highest number given: numbers of removed keys are not given again, because rows of the ledger name them. */
  lastKeyId: number;
  lastCodeId: number;
}
type KeyringEvent =
  | { type: "keyAdded"; hash: string; key: ApiKey }
  | { type: "keyChanged"; keyId: string; patch: Partial<Pick<ApiKey, "name" | "isActive" | "limits">> }
  | { type: "keyRemoved"; keyId: string }
  | { type: "codeAdded"; hash: string; code: AccessCode }
  | { type: "codeChanged"; codeId: string; isActive: boolean }
  | { type: "redeemed"; codeId: string };

export const keyring = defineActor(Keyring, {
  initial,

  apply(state: KeyringState, event: KeyringEvent): void {
    switch (event.type) {
      case "keyAdded":
        addKey(state, event.hash, event.key);
        return;
      case "keyChanged": {
        const hash = state.hashOfKey.get(event.keyId)!;
        state.keys.set(hash, { ...state.keys.get(hash)!, ...event.patch });
        return;
      }
      case "keyRemoved":
        state.keys.delete(state.hashOfKey.get(event.keyId)!);
        state.hashOfKey.delete(event.keyId);
        return;
      case "codeAdded":
        addCode(state, event.hash, event.code);
        return;
      case "codeChanged":
        changeCode(state, event.codeId, () => ({ isActive: event.isActive }));
        return;
      case "redeemed":
        changeCode(state, event.codeId, ({ usageCount }) => ({ usageCount: usageCount + 1 }));
    }
  },

  commands: {
    addKey(turn, { hash, hint, ownerId, name, limits }) {
      checkLimits(limits);
      const { keys, lastKeyId } = turn.state;
      const known = keys.get(hash);
      if (known?.ownerId === ownerId) return known; // a retry: secrets are random
      const own = [...keys.values()].filter((key) => key.ownerId === ownerId);
      if (own.length >= maxKeysPerOwner || keys.size >= maxKeys) throw full(maxKeysPerOwner);
      const key: ApiKey = {
        keyId: String(lastKeyId + 1),
        ...{ ownerId, name, hint, limits },
        isActive: true,
        createdAtMs: turn.nowMs,
      };
      turn.emit({ type: "keyAdded", hash, key });
      return key;
    },

    changeKey(turn, { keyId, name, isActive, limits }) {
      const key = keyById(turn.state, keyId);
      if (limits) checkLimits(limits);
      const patch = {
        ...(name !== undefined && { name }),
        ...(isActive !== undefined && { isActive }),
        ...(limits !== undefined && { limits }),
      };
      if (Object.keys(patch).length > 0) turn.emit({ type: "keyChanged", keyId, patch });
      return { ...key, ...patch };
    },

    removeKey(turn, { keyId }) {
      keyById(turn.state, keyId);
      turn.emit({ type: "keyRemoved", keyId });
      return null;
    },

    addCode(turn, { hash, createdBy, maxUsage, expiresAtMs }) {
      const { codes, lastCodeId } = turn.state;
      const known = codes.get(hash);
      const isSame = known?.createdBy === createdBy && known.maxUsage === maxUsage && known.expiresAtMs === expiresAtMs;
      if (known && isSame && known.usageCount === 0) return known; // a retry
      if (known) throw new DomainError("common.conflict");
      if (codes.size >= maxCodes) throw full(maxCodes);
      if (!Number.isSafeInteger(maxUsage) || maxUsage < 1) throw invalidField("maxUsage", "1 or more");
      const code: AccessCode = {
        codeId: String(lastCodeId + 1),
        ...{ createdBy, maxUsage },
        isActive: true,
        createdAtMs: turn.nowMs,
        ...(expiresAtMs !== undefined && { expiresAtMs }),
        usageCount: 0,
      };
      turn.emit({ type: "codeAdded", hash, code });
      return code;
    },

    changeCode(turn, { codeId, isActive }) {
      const code = turn.state.codes.get(turn.state.hashOfCode.get(codeId) ?? "");
      if (!code) throw new DomainError("llm.key_not_found");
      if (code.isActive !== isActive) turn.emit({ type: "codeChanged", codeId, isActive });
      return { ...code, isActive };
    },

    redeem(turn, { hash }) {
      const code = turn.state.codes.get(hash);
      if (!code) throw new DomainError("llm.code_wrong");
      const isExpired = code.expiresAtMs !== undefined && turn.nowMs >= code.expiresAtMs;
      if (!code.isActive || isExpired || code.usageCount >= code.maxUsage) throw new DomainError("llm.code_spent");
      turn.emit({ type: "redeemed", codeId: code.codeId });
      return { codeId: code.codeId };
    },
  },

  queries: {
    findKey: ({ state }, { hash }) => ({ key: state.keys.get(hash) }),
    keys: ({ state }, { ownerId }) => ({
      keys: [...state.keys.values()].filter((key) => ownerId === undefined || key.ownerId === ownerId),
    }),
    codes: ({ state }) => ({ codes: [...state.codes.values()] }),
  },

  encode: ({ keys, codes, lastKeyId, lastCodeId }) => ({ keys: [...keys], codes: [...codes], lastKeyId, lastCodeId }),
  decode(plain) {
    const state = initial();
    const { keys, codes, lastKeyId, lastCodeId } = plain as Encoded;
    for (const [hash, key] of keys) addKey(state, hash, key);
    for (const [hash, code] of codes) addCode(state, hash, code);
    return Object.assign(state, { lastKeyId, lastCodeId });
  },
});

interface Encoded {
  keys: [string, ApiKey][];
  codes: [string, AccessCode][];
  lastKeyId: number;
  lastCodeId: number;
}

function initial(): KeyringState {
  return {
    keys: new Map(),
    codes: new Map(),
    hashOfKey: new Map(),
    hashOfCode: new Map(),
    lastKeyId: 0,
    lastCodeId: 0,
  };
}

function addKey(state: KeyringState, hash: string, key: ApiKey): void {
  state.keys.set(hash, key);
  state.hashOfKey.set(key.keyId, hash);
  state.lastKeyId = Math.max(state.lastKeyId, Number(key.keyId));
}

function addCode(state: KeyringState, hash: string, code: AccessCode): void {
  state.codes.set(hash, code);
  state.hashOfCode.set(code.codeId, hash);
  state.lastCodeId = Math.max(state.lastCodeId, Number(code.codeId));
}

function changeCode(state: KeyringState, codeId: string, patch: (code: AccessCode) => Partial<AccessCode>): void {
  const hash = state.hashOfCode.get(codeId)!;
  const code = state.codes.get(hash)!;
  state.codes.set(hash, { ...code, ...patch(code) });
}

function keyById(state: KeyringState, keyId: string): ApiKey {
  const key = state.keys.get(state.hashOfKey.get(keyId) ?? "");
  if (!key) throw new DomainError("llm.key_not_found");
  return key;
}

function checkLimits(limits: ApiKey["limits"]): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 0) throw invalidField(name, "a whole number, 0 or more");
  }
}

function full(max: number): DomainError {
  return new DomainError("common.too_large", { message: "There is no room for more.", details: { max } });
}
