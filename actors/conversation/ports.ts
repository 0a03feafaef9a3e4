import type { SendReader } from "./contract.ts";
import type { ConversationRules } from "./rules.ts";

export interface ConversationPorts {
  /** Rows of sends, asked only when a filter says that a key may have been used (G2). */
  sends: SendReader;
  rules: ConversationRules;
}
