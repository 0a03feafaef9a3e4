// One handle (e-mail, phone number or account name) leads to at most one user: the first one that the mailbox lets in.
import { defineActor, type Query } from "../../runtime/contract.ts";
import { Session } from "../../session/contract.ts";
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import type { SensitiveWords } from "../../shared/sensitive-words.ts";
import { User } from "../../user/contract.ts";
import { Handle, reservationMs } from "../contract.ts";

interface HandleState {
  userId?: UserId;
  /** Of an account name: the handle that registers the user, and since when the name waits for it. */
  reserved?: { by: string; atMs: number };
}
type HandleEvent =
  | { type: "claimed"; userId: UserId }
  | { type: "reserved"; userId: UserId; by: string; atMs: number }
  | { type: "released" };

/** `sensitiveWords`: refused anywhere in the nickname of a new user. */
export function createHandle({ sensitiveWords }: { sensitiveWords: SensitiveWords }) {
  return defineActor(Handle, {
    initial: (): HandleState => ({}),

    apply(state: HandleState, event: HandleEvent): void {
      delete state.userId;
      delete state.reserved;
      if (event.type === "released") return;
      state.userId = event.userId;
      if (event.type === "reserved") state.reserved = { by: event.by, atMs: event.atMs };
    },

    commands: {
      register(turn, { passwordHash, userId: reservedId, ...person }) {
        if (turn.state.userId !== undefined) throw new DomainError("auth.user_exists");
        if (sensitiveWords.isIn(person.nickname)) throw new DomainError("user.nickname_sensitive");
        const userId = reservedId ?? String(turn.stamp());
        turn.emit({ type: "claimed", userId });
        turn.tell(User, userId).create({ ...person, atMs: turn.nowMs });
        turn.tell(Session, userId).create({ passwordHash, atMs: turn.nowMs });
        // The caller logs the new user in at once, so both actors must exist by then.
        turn.settle();
        return { userId };
      },

      reserve(turn, { by, abandoned }) {
        const { userId: takenBy, reserved } = turn.state;
        if (takenBy !== undefined && reserved?.by === by) return { userId: takenBy };
        assertFree(turn, abandoned);
        const userId = String(turn.stamp());
        turn.emit({ type: "reserved", userId, by, atMs: turn.nowMs });
        return { userId };
      },

      claim(turn, { userId, abandoned }) {
        if (turn.state.userId === userId && !turn.state.reserved) return null;
        assertFree(turn, abandoned);
        turn.emit({ type: "claimed", userId });
        return null;
      },

      release(turn, { userId }) {
        if (turn.state.userId === userId) turn.emit({ type: "released" });
        return null;
      },
    },

    queries: {
      find: ({ state }) => ({ userId: state.userId, reservedBy: state.reserved?.by }),
    },

    encode: ({ userId, reserved }) => ({ userId, reserved }),
    decode: (plain) => ({ ...(plain as HandleState) }),
  });
}

/** A reservation that nobody completed is taken over after its time. */
function assertFree({ state, nowMs }: Query<HandleState>, abandoned: UserId | undefined): void {
  const { userId, reserved } = state;
  const isAbandoned = userId === abandoned && reserved && nowMs >= reserved.atMs + reservationMs;
  if (userId !== undefined && !isAbandoned) throw new DomainError("auth.user_exists");
}
