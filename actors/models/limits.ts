// How much a user, or the system, may keep for talking to models. Beyond a number of items: llm.list_full; beyond a length:
// common.invalid.

/** Code points. */
export const maxModelChars = {
  /** Of a model's address. */
  url: 500,
  modelName: 100,
  provider: 50,
  displayName: 255,
  assistantName: 50,
  assistantAvatar: 1_024,
  settingName: 64,
} as const;

/** Items. */
export const maxModelItems = { keys: 50, assistants: 100, settings: 100 } as const;

/** UTF-8 bytes. The record of a turn has 64 KiB, and a list travels between hosts in one message of at most 1 MiB. */
export const maxModelBytes = {
  /** An upstream key sealed: much longer than any that a provider gives. */
  sealedKey: 8 * 1_024,
  systemPrompt: 24 * 1_024,
  /** Of all assistants together, as JSON. */
  assistants: 384 * 1_024,
  /** All settings as JSON. */
  settings: 32 * 1_024,
} as const;
