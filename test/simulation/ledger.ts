import { contract, defineActor } from "../../actors/runtime/contract.ts";

interface LedgerCommands {
  count(input: { messageId: string }): null;
}
interface LedgerQueries {
  counted(input: Record<string, never>): { messageIds: string[] };
}
/** An actor that gets a command for each send and keeps every command, so that a command that takes effect twice is kept twice. */
export const Ledger = contract<LedgerCommands, LedgerQueries>("handle");

export const ledger = defineActor(Ledger, {
  initial: (): string[] => [],
  apply(state: string[], messageId: string): void {
    state.push(messageId);
  },
  commands: {
    count(turn, { messageId }) {
      turn.emit(messageId);
      return null;
    },
  },
  queries: { counted: ({ state }) => ({ messageIds: [...state] }) },
  encode: (state) => [...state],
  decode: (plain) => [...(plain as string[])],
});
