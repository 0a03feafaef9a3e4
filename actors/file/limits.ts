// How long files live, and how many messages are counted for one.

const hourMs = 3_600_000;

/** A file that is not available by then expires, and what was stored of it is removed. Longer than any upload may take. */
export const unfinishedFileMs = hourMs;
/** A file that no message ever held expires so long after it became available. */
export const unusedFileMs = 7 * 24 * hourMs;
/** A file that the last message has released expires after this: an edit may bring it back. */
export const releasedFileMs = hourMs;
/** Messages that are counted for one file. A file with more of them stays until its owner removes it. */
export const maxReferences = 2_000;
/** Code points of a file's name; the rest is cut off. */
export const maxFileNameChars = 255;
/** Messages of one conversation that are remembered for one file of the messenger: the newest. */
export const maxMessagesKept = 50;
/** Of them, those that are asked whether a reader sees one. */
export const maxMessagesNamed = 16;
