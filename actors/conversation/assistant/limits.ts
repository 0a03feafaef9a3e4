// Limits of conversations with models: each with a unit and a defined result (G10).

/** Replies that wait in one conversation, the running one included; a message that needs one more is refused (429). */
export const maxQueuedReplies = 32;
/** Assistants in one group; one more is refused with common.too_many. */
export const maxAssistantsPerGroup = 10;
/** Older versions of answers kept in one conversation; one more is refused with common.too_many. */
export const maxSupersededAnswers = 1_000;

/** Messages of one chat that hold files; one more is refused with common.too_many. */
export const maxMessagesWithFiles = 10_000;

/** Of a chat with a model. Code points. */
export const maxChatChars = { title: 255, description: 10_000, tag: 50, assistantId: 128, assistantName: 100 } as const;
export const maxChatTags = 20;
/** As JSON. It travels with every reply of the chat by reference only, but stands in the record of its change. */
export const maxModelConfigBytes = 64 * 1024;
