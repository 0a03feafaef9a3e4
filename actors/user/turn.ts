// What the commands of a user share.
import type { Turn } from "../runtime/contract.ts";
import type { UserCommands } from "./contract.ts";
import type { UserEvent } from "./events.ts";
import type { UserState } from "./state.ts";

export type UserTurn = Turn<UserState, UserEvent>;
export type Input<N extends keyof UserCommands> = Parameters<UserCommands[N]>[0];

/** The version that the first event of a turn makes. */
export function nextVersion({ state }: UserTurn): number {
  return state.version + 1;
}
