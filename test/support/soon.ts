/**
 * Within this time a stop that is pushed has closed an upstream, also on a busy machine. On a quiet one it takes some 20 ms of
 * the 250 ms that are promised; a stop that only a fallback finds takes a second or more.
 */
export const soonMs = 900;
