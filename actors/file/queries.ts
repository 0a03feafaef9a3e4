// What is asked of a file.
import type { Behaviour } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { FileCommands, FileQueries, FileView } from "./contract.ts";
import { viewOf } from "./life.ts";
import { maxMessagesNamed } from "./limits.ts";
import type { FileRules } from "./rules.ts";
import type { FileActorState, FileEvent } from "./state.ts";
import { presentOf } from "./turn.ts";

type Queries = Behaviour<FileActorState, FileEvent, FileCommands, FileQueries>["queries"];

export function createQueries(rules: FileRules): Queries {
  return {
    view: ({ key, state }): FileView => viewOf(key, presentOf(state), rules),
    find({ key, state }): FileView {
      if (!state.file) throw new DomainError("file.not_found");
      return viewOf(key, state.file, rules);
    },
    readers({ state }) {
      const { facts, references } = presentOf(state);
      return { ownerId: facts.ownerId, conversationIds: [...references.keys()] };
    },
    plan({ state }) {
      const { upload } = presentOf(state);
      if (!upload) throw new DomainError("file.upload_unknown");
      return { plan: upload.plan };
    },
    holders({ state: { file: known } }) {
      if (!known) throw new DomainError("file.not_found");
      return [...known.references].map(([conversationId, held]) => {
        return { conversationId, messageIds: [...held].slice(-maxMessagesNamed) };
      });
    },
  };
}
