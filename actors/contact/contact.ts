// The keepers of one address: a short list, read when the owner of the address asks for recommendations.
import { defineActor } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";
import { Contact, maxKeepers } from "./contract.ts";

interface ContactState {
  /** The oldest first. Replaced, never changed in place. */
  userIds: readonly UserId[];
}
type ContactEvent = { type: "kept"; userId: UserId } | { type: "withdrawn"; userId: UserId };

export const contact = defineActor(Contact, {
  initial: (): ContactState => ({ userIds: [] }),

  apply(state: ContactState, { type, userId }: ContactEvent): void {
    const others = state.userIds.filter((each) => each !== userId);
    state.userIds = type === "kept" ? [...others, userId].slice(-maxKeepers) : others;
  },

  commands: {
    keep(turn, { userId }) {
      if (!turn.state.userIds.includes(userId)) turn.emit({ type: "kept", userId });
      return null;
    },
    withdraw(turn, { userId }) {
      if (turn.state.userIds.includes(userId)) turn.emit({ type: "withdrawn", userId });
      return null;
    },
  },

  queries: {
    keepers: ({ state }) => ({ userIds: state.userIds.toReversed() }),
  },

  encode: ({ userIds }) => ({ userIds }),
  decode: (plain) => ({ userIds: (plain as ContactState).userIds }),
});
