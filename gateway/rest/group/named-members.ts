import type { MemberView } from "../../../actors/conversation/contract.ts";
import { memberOnWire } from "../../wire/group.ts";
import type { WireMember } from "../../wire/shapes/group.ts";
import { namesOf } from "../kit/names.ts";
import type { Edge } from "../kit/route.ts";

/** Members as clients see them, with their current names. */
export async function namedMembers(edge: Edge, members: readonly MemberView[]): Promise<WireMember[]> {
  const names = await namesOf(
    edge,
    members.map(({ userId }) => userId),
  );
  return members.map((member) => memberOnWire(member, names));
}
