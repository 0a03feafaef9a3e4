import type { UserId } from "../../shared/ids.ts";
import { User } from "../../user/contract.ts";
import { otherSide, sideOf } from "../model/pair-state.ts";
import type { ConversationTurn } from "../model/state.ts";

/** Throws user.not_found when the other side of a pair does not exist. */
export async function getOther(turn: ConversationTurn, userId: UserId): Promise<void> {
  const { pair } = turn.state;
  const side = pair && sideOf(pair, userId);
  if (pair && side !== undefined) await turn.ask(User, pair.users[otherSide(side)]).card({});
}
