import { allow } from "../model/relation.ts";
import type { ConversationRules } from "../model/rules.ts";
import type { QueriesOf } from "../model/state.ts";
import { chatInfo } from "./apply.ts";
import { chatFor } from "./chat.ts";
import type { AssistantQueries } from "./contract.ts";

export function createAssistantQueries(rules: ConversationRules): QueriesOf<AssistantQueries> {
  return {
    chat: (query, { userId }) => chatInfo(query.key, chatFor(query, userId, "conversation.view", rules)),

    replies({ state }, { userId }) {
      allow(state, rules, "conversation.view", userId);
      return { replies: state.replies };
    },
  };
}
