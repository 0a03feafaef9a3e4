// The names that lead to a user: phone number, e-mail address and account name. Each has a handle of its own, so a change takes
// three steps: the name is noted here, its handle is claimed, and the profile names it and the old handles are released.
// The note outlives a crash between the steps: after `nameClaimMs` the handle of an unfinished change is released.

import { Handle, reservationMs } from "../handle/contract.ts";
import type { RecordMeta } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { nicknameKey } from "../shared/names.ts";
import type { Profile } from "./contract.ts";
import type { ByType, NameEvent } from "./events.ts";
import { getProfile } from "./profile.ts";
import type { NameClaim, UserState } from "./state.ts";
import type { Input, UserTurn } from "./turn.ts";

/** Longer than any call's deadline: a change that has not ended by then never will. */
export const nameClaimMs = reservationMs;
/** Changes of names at once. */
export const maxNameClaims = 8;

export const nameCommands = {
  beginName(turn: UserTurn, { key }: Input<"beginName">): { claimId: number } {
    getProfile(turn.state);
    if (turn.state.nameClaims.length >= maxNameClaims) throw new DomainError("common.too_many");
    const claimId = turn.stamp();
    turn.emit({ type: "name_begun", claimId, key });
    return { claimId };
  },

  endName(turn: UserTurn, { claimId, change }: Input<"endName">): null {
    const { state } = turn;
    const current = getProfile(state);
    const claim = state.nameClaims.find((each) => each.claimId === claimId);
    if (!claim) throw new DomainError("common.conflict");
    if (!change) {
      giveUp(turn, [claim]);
      return null;
    }
    const { field, name, from, release } = change;
    if (current[field] !== from) throw new DomainError("common.conflict");
    turn.emit({ type: "name_ended", claimId });
    const profile = { ...current, [field]: name };
    if (name !== from) turn.emit({ type: "profile_changed", version: state.version + 1, profile, changed: [field] });
    const others = state.nameClaims.filter((each) => each !== claim);
    const isKept = (key: string) => key === claim.key || others.some((each) => each.key === key);
    for (const key of release) if (!isKept(key)) turn.tell(Handle, key).release({ userId: turn.key });
    // The caller reads that the old name is free.
    turn.settle();
    return null;
  },
};

export const nameAppliers: ByType<NameEvent, [UserState, RecordMeta], void> = {
  name_begun({ claimId, key }, state, { atMs }) {
    state.nameClaims = [...state.nameClaims, { claimId, key, dueMs: atMs + nameClaimMs }];
  },
  name_ended({ claimId }, state) {
    state.nameClaims = state.nameClaims.filter((each) => each.claimId !== claimId);
  },
};

/** When the first change of a name has surely failed; Infinity: none is under way. */
export function nextNameDueMs({ nameClaims }: UserState): number {
  return nameClaims[0]?.dueMs ?? Number.POSITIVE_INFINITY;
}

export function giveUpNames(turn: UserTurn): void {
  giveUp(
    turn,
    turn.state.nameClaims.filter(({ dueMs }) => dueMs <= turn.nowMs),
  );
}

/** A handle stays when the profile names it, or another change of the same user claims it. */
function giveUp(turn: UserTurn, over: readonly NameClaim[]): void {
  const others = turn.state.nameClaims.filter((each) => !over.includes(each));
  for (const { claimId } of over) turn.emit({ type: "name_ended", claimId });
  for (const key of new Set(over.map((each) => each.key))) {
    if (others.some((each) => each.key === key) || isOfProfile(getProfile(turn.state), key)) continue;
    turn.tell(Handle, key).release({ userId: turn.key });
  }
}

function isOfProfile({ phone, email, account, nickname }: Profile, key: string): boolean {
  const keys = [`phone:${phone}`, `email:${email}`, `unproven-email:${email}`, `account:${account}`];
  return [...keys, nicknameKey(nickname)].includes(key);
}
