// Reads everything that a refused request could have changed.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { User } from "../../../actors/user/contract.ts";
import type { TestNode } from "../start-node.ts";
import type { Place } from "./place.ts";

/** The trace is equal before and after a request when no event, no message and no list of either user has changed. */
export async function readTrace({ node }: TestNode, place: Place): Promise<unknown> {
  const { actors } = node;
  const { realm, standing, conversationId, caller, witness, id } = place;
  const isThere = standing !== "none" && standing !== "dissolved";
  const [own, lists] = await Promise.all([
    actors.get(User, caller.userId).entry({ conversationId }),
    realm === "pair" ? Promise.all([caller, witness].map((who) => listsOf(who.userId))) : undefined,
  ]);
  if (!isThere) return { own, lists };
  const [window, history, ...group] = await Promise.all([
    actors.get(Conversation, conversationId).window({ userId: witness.userId }),
    witness.history(conversationId),
    ...(realm === "group" ? ["", "/members", "/requests"] : []).map((part) => witness.gets(`/groups/${id}${part}`)),
  ]);
  const { head, readSeq, other } = window;
  return { own, lists, head, readSeq, other, history, group: group.map(({ data }) => data) };

  async function listsOf(userId: string): Promise<unknown> {
    return (await actors.get(User, userId).items({ sinceVersion: 0 })).items;
  }
}
