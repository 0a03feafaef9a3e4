// Checks of what users bring: an error names the field and what it may hold.
import { DomainError, invalidField } from "../shared/errors.ts";
import { isLongerThan, shownName } from "../shared/names.ts";
import { utf8Length } from "../shared/utf8.ts";
import type { Assistant, OwnUpstream, ProviderKey } from "./contract.ts";
import { maxModelBytes, maxModelChars, maxModelItems } from "./limits.ts";

/** Control characters would end up in headers, logs and lists. */
const control = /\p{Cc}/u;

export function checkUpstream({ modelUrl, modelName, sealedKey }: Omit<OwnUpstream, "configuredAtMs">): void {
  const url = isLongerThan(modelUrl, maxModelChars.url) || control.test(modelUrl) ? null : URL.parse(modelUrl);
  const isPlain = url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (!isPlain || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw invalidField("modelUrl", "an http or https address without a user name, a query and a fragment");
  }
  checkName("modelName", modelName, maxModelChars.modelName);
  checkBytes("sealedKey", sealedKey, maxModelBytes.sealedKey);
}

export function checkKey(
  key: Pick<ProviderKey, "provider" | "displayName" | "sealedKey" | "expiresAtMs">,
  nowMs: number,
): void {
  checkName("provider", key.provider, maxModelChars.provider);
  checkLine("displayName", key.displayName, maxModelChars.displayName);
  checkBytes("sealedKey", key.sealedKey, maxModelBytes.sealedKey);
  if (key.expiresAtMs !== undefined && !(Number.isSafeInteger(key.expiresAtMs) && key.expiresAtMs > nowMs)) {
    throw invalidField("expiresAtMs", "a time to come");
  }
}

export function checkAssistant(assistant: Omit<Assistant, "assistantId" | "ownerId">): void {
  const { name, avatar, model, provider, systemPrompt } = assistant;
  if (isLongerThan(name, maxModelChars.assistantName) || shownName(name) === undefined) {
    throw invalidField("name", `1 to ${maxModelChars.assistantName} characters`);
  }
  checkLine("avatar", avatar, maxModelChars.assistantAvatar);
  checkName("model", model, maxModelChars.modelName);
  if (provider !== undefined) checkName("provider", provider, maxModelChars.provider);
  checkBytes("systemPrompt", systemPrompt, maxModelBytes.systemPrompt);
}

/** All assistants of one owner together. */
export function checkAssistants(assistants: readonly Assistant[]): void {
  if (assistants.length > maxModelItems.assistants) throw new DomainError("llm.list_full");
  if (jsonBytes(assistants) > maxModelBytes.assistants) throw new DomainError("llm.list_full");
}

export function checkSettings(settings: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(settings);
  if (names.length > maxModelItems.settings) throw new DomainError("llm.list_full");
  for (const name of names) {
    if (name === "" || name === "__proto__" || isLongerThan(name, maxModelChars.settingName) || control.test(name)) {
      throw invalidField("settings", `names of 1 to ${maxModelChars.settingName} characters`);
    }
  }
  if (jsonBytes(settings) > maxModelBytes.settings) {
    throw invalidField("settings", `at most ${maxModelBytes.settings} bytes in all`);
  }
}

function checkName(field: string, name: string, max: number): void {
  if (name.trim() === "" || isLongerThan(name, max) || control.test(name)) {
    throw invalidField(field, `1 to ${max} characters`);
  }
}

function checkLine(field: string, text: string, max: number): void {
  if (isLongerThan(text, max) || control.test(text)) throw invalidField(field, `at most ${max} characters in one line`);
}

function checkBytes(field: string, text: string, max: number): void {
  // A code unit has at most three bytes, so most texts need no count.
  if (text.length * 3 > max && utf8Length(text) > max) throw invalidField(field, `at most ${max} bytes`);
}

function jsonBytes(value: unknown): number {
  return utf8Length(JSON.stringify(value));
}
