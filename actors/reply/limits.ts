// Limits of a reply: each with a unit and a defined result (G10).

/** Of the text as JSON, because that is what records and rows hold. A longer reply ends as failed, with what fits. */
export const maxReplyBytes = 256 * 1024;
/** What a reply adds to its message, as JSON; more is refused with common.too_large. */
export const maxExtraBytes = 24 * 1024;
/** A worker that was asked to end a reply has so long: then the reply ends without it. */
export const stopGraceMs = 500;
/**
 * A reply that no worker begins for so long after its process was started, or that shows no sign of its worker, ends as failed:
 * longer than any model thinks.
 */
export const maxSilenceMs = 900_000;
/** The text is held so long after the end, for viewers that resume; then the message alone has it. */
export const resumeMs = 600_000;
