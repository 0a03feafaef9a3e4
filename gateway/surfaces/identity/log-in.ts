// Logins at the model surfaces. Their clients name no device, so each login is a device of its own, of the class API.
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import type { Dialect } from "../../ports.ts";
import { findUserId, passwordTargetOf, provePassword } from "../../rest/account/account.ts";
import { openLogin, type Tokens } from "../../rest/account/login.ts";
import type { Client, Edge } from "../../rest/kit/route.ts";

interface Way {
  client: Client;
  dialect: Dialect | undefined;
}

export async function logIn(edge: Edge, name: string, password: string, way: Way): Promise<Tokens> {
  const proof = await proveByName(edge, name, password);
  return admit(edge, proof.userId, { ...way, ...proof });
}

/** By name or e-mail address. Throws auth.wrong_password, for an unknown user too, after the time of a wrong password. */
export async function proveByName(
  edge: Edge,
  name: string,
  password: string,
): Promise<{ userId: UserId; credentialVersion: number }> {
  const target = passwordTargetOf(edge, name);
  const userId = target && (await findUserId(edge, target));
  const { isProven, credentialVersion, status } = await provePassword(edge, userId, password);
  if (userId === undefined || !isProven) throw new DomainError("auth.wrong_password");
  if (status !== "normal") throw new DomainError(`auth.${status}`);
  return { userId, credentialVersion };
}

/** A user whose identity is proven. */
export async function admit(
  edge: Edge,
  userId: UserId,
  { client, dialect, credentialVersion }: Way & { credentialVersion?: number },
): Promise<Tokens> {
  const device = { deviceId: `api-${edge.random.hex(64)}`, deviceType: "API" as const };
  const proof = credentialVersion === undefined ? {} : { credentialVersion };
  const tokens = await openLogin(edge, { userId, ...device, ...proof, client, dialect });
  await edge.actors.get(User, userId).loggedIn({ atMs: edge.clock.nowMs() });
  return tokens;
}
