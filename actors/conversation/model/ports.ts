import type { ConversationRules } from "./rules.ts";
import type { SendReader } from "./send-types.ts";

export interface ConversationPorts {
  /** Rows of sends, read only when a filter says that a key may have been used (G2). */
  sends: SendReader;
  rules: ConversationRules;
}
