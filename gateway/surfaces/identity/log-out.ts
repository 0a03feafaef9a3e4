import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { Session } from "../../../actors/session/contract.ts";
import type { Caller } from "../../auth/authenticator.ts";
import type { Edge } from "../../rest/kit/route.ts";

/** Ends this login. A key has none. */
export async function logOut(edge: Edge, login: Caller | undefined, call: CallOptions): Promise<void> {
  if (!login) return;
  const { userId, loginId } = login;
  const { revoked } = await edge.actors.get(Session, userId).logout({ loginId, reason: "logout" }, call);
  if (revoked.length > 0) await edge.revocations.revoke(revoked, "logout");
}
