// The process `title:…`: a model gives a title to a conversation that has none. Without one it stays as it is: nobody waits.
import type { TitleProcessInput } from "../../actors/conversation/assistant/replies.ts";
import type { ProcessKind } from "../../actors/process/contract.ts";

interface TitleState {
  input: TitleProcessInput;
  isOver: boolean;
}

/** A title costs little, and comes within seconds or not at all. */
const makeMsMax = 60_000;
const maxTries = 3;
const retryMinMs = 500;

export const title: ProcessKind<TitleProcessInput, TitleState> = {
  name: "title",
  begin: (input) => ({ input, isOver: false }),
  decide({ input, isOver }) {
    if (isOver) return { kind: "end", result: null };
    return { kind: "run", step: { activity: "makeTitle", input, timeoutMs: makeMsMax, maxTries, retryMinMs } };
  },
  apply: ({ input }) => ({ input, isOver: true }),
  describe: ({ ownerId, conversationId }) => ({ userId: ownerId, conversationId, requestId: conversationId }),
};
