// One handle (e-mail, phone number or account name) leads to at most one user: whoever comes first through the mailbox.
import { defineActor } from "../runtime/contract.ts";
import { Session } from "../session/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { UserId } from "../shared/ids.ts";
import { User } from "../user/contract.ts";
import { Handle } from "./contract.ts";

export interface HandleState {
  userId?: UserId;
}
export type HandleEvent = { type: "claimed"; userId: UserId } | { type: "released" };

export const handle = defineActor(Handle, {
  initial: (): HandleState => ({}),

  apply(state: HandleState, event: HandleEvent): void {
    if (event.type === "claimed") state.userId = event.userId;
    else delete state.userId;
  },

  commands: {
    register(turn, { passwordHash, ...person }) {
      if (turn.state.userId !== undefined) throw new DomainError("auth.user_exists");
      const userId = String(turn.stamp());
      turn.emit({ type: "claimed", userId });
      turn.tell(User, userId).create({ ...person, atMs: turn.nowMs });
      turn.tell(Session, userId).create({ passwordHash, atMs: turn.nowMs });
      // The caller logs the new user in at once: both must exist by then.
      turn.settle();
      return { userId };
    },

    claim(turn, { userId }) {
      if (turn.state.userId === userId) return null;
      if (turn.state.userId !== undefined) throw new DomainError("auth.user_exists");
      turn.emit({ type: "claimed", userId });
      return null;
    },

    release(turn, { userId }) {
      if (turn.state.userId === userId) turn.emit({ type: "released" });
      return null;
    },
  },

  queries: {
    find: ({ state }) => ({ userId: state.userId }),
  },

  encode: ({ userId }) => ({ userId }),
  decode: (plain) => ({ ...(plain as HandleState) }),
});
