import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { isPassword } from "../../rest/account/account.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { surfacePassword } from "./password.ts";

/** Every other login of the user ends. Throws auth.wrong_password, common.invalid. */
export async function changePassword(
  edge: Edge,
  { userId, loginId: keepLoginId }: Pick<Caller, "userId" | "loginId">,
  { oldPassword, newPassword, field }: { oldPassword: string; newPassword: string; field: string },
  call: CallOptions,
): Promise<void> {
  const session = edge.actors.get(Session, userId);
  const { passwordHash: oldHash, credentialVersion } = await session.credentials({});
  if (!(await isPassword(edge, oldPassword, oldHash))) throw new DomainError("auth.wrong_password");
  const passwordHash = await edge.passwords.hash(surfacePassword(newPassword, field));
  const { revoked } = await session.changePassword(
    { credentialVersion, passwordHash, keepLoginId },
    // Without the client's key: a retry carries another salt, and would be a conflict.
    { ...call, commandId: undefined },
  );
  if (revoked.length > 0) await edge.revocations.revoke(revoked, "password_changed");
}
