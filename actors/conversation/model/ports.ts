import type { Random } from "../../runtime/ports.ts";
import type { ConversationRules } from "./rules.ts";
import type { SendReader } from "./send-types.ts";

export interface ConversationPorts {
  /** Rows of sends, read only when a filter says that a key may have been used (G2). */
  sends: SendReader;
  rules: ConversationRules;
  /** Its results stand in events only, so that a replay repeats them. */
  random: Pick<Random, "hex">;
}
