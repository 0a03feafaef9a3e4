// The role of a user, and whether the user still exists.
import type { Query, RecordMeta } from "../runtime/contract.ts";
import { foldWithdrawal } from "./contacts.ts";
import type { Standing, UserCommands } from "./contract.ts";
import type { StandingEvent } from "./events.ts";
import { getProfile } from "./profile.ts";
import type { UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";

type Changes = StandingEvent["standing"];

export const standingCommands = {
  changeStanding(turn: UserTurn, changes: Parameters<UserCommands["changeStanding"]>[0]): Standing {
    getProfile(turn.state);
    change(turn, changes);
    return { ...turn.state.standing, ...changes, updatedAtMs: turn.state.profile?.updatedAtMs ?? 0 };
  },

  loggedIn(turn: UserTurn, { atMs }: { atMs: number }): null {
    if (turn.state.profile) change(turn, { lastLoginAtMs: Math.max(turn.state.standing.lastLoginAtMs, atMs) });
    return null;
  },
};

function change(turn: UserTurn, changes: Changes): void {
  const { standing } = turn.state;
  const changed = Object.entries(changes).filter(
    ([field, value]) => value !== undefined && standing[field as keyof Changes] !== value,
  );
  if (changed.length > 0) turn.emit({ type: "standing_changed", standing: Object.fromEntries(changed) });
}

export const standingQuery = {
  standing({ state }: Query<UserState>): Standing {
    getProfile(state);
    return { ...state.standing, updatedAtMs: state.profile?.updatedAtMs ?? 0 };
  },
};

export const standingApplier = {
  standing_changed({ standing }: StandingEvent, state: UserState, { atMs }: RecordMeta): void {
    state.standing = { ...state.standing, ...standing };
    if (standing.isDeleted) foldWithdrawal(state, atMs);
  },
};
