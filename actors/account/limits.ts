// Limits of an account: each with a unit and a defined result.

/** Requests of one payer at a time; one more is refused as llm.rate_limited. */
export const maxOpenHolds = 2_000;
/** Settled requests that an account remembers, so that a repeated settle gets the first answer. An older one costs nothing. */
export const maxSettledKept = 500;
/** Keys that an account counts; then the one that was not used for longest is forgotten. More than a user may have. */
export const maxKeysCounted = 1_000;
/** Sums of one hour or day by (model, key, credential); beyond it requests are counted under the model `otherModel`. */
export const maxCellsPerPeriod = 1_000;
export const otherModel = "(other)";
/** While requests run, an account looks so often whether the processes that run them live. */
export const holdCheckMs = 10_000;
/** Requests of dead processes that one turn settles: their rows fit into a record. */
export const maxLostPerTurn = 40;
/** Where only running requests are in the way: when to try again. */
export const retryHeldMs = 1_000;
/** Characters that a row keeps. */
export const maxErrorChars = 500;
export const maxNameChars = 200;
/** Tries whose details a row keeps: the last ones. */
export const maxAttemptsKept = 8;
