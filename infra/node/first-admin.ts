// The first administrator. A name that is taken is left alone: its user has chosen a password, or never was an administrator.
import { Handle } from "../../actors/handle/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { opaquePassword } from "../../actors/shared/names.ts";
import type { Log, PasswordHasher } from "../../gateway/ports.ts";
import { accountTarget } from "../../gateway/rest/account/account.ts";
import type { SurfaceConfig } from "../config/surfaces.ts";

interface Deps {
  actors: Actors;
  passwords: PasswordHasher;
  log: Log;
  admin: SurfaceConfig["admin"];
  /** For a password that nobody has chosen: shown once. */
  show(line: string): void;
}

export async function makeFirstAdmin({ actors, passwords, log, admin, show }: Deps): Promise<void> {
  const { username, password, isGenerated } = admin;
  const target = accountTarget(username);
  if (password === undefined || !target) return;
  try {
    const handle = actors.get(Handle, target.key);
    if ((await handle.find({})).userId !== undefined) return;
    const passwordHash = await passwords.hash(opaquePassword(password));
    const user = { nickname: username, phone: "", email: "", account: target.address, role: "admin" as const };
    await handle.register({ ...user, passwordHash });
    log.info("admin: the first administrator was made", { username });
    if (isGenerated)
      show(`The administrator is ${username} with the password ${password}  (shown once; ADMIN_PASSWORD sets another)`);
  } catch (error) {
    // Another host was first.
    if (error instanceof DomainError && error.error === "auth.user_exists") return;
    log.warn("admin: the first administrator could not be made, the next start tries again", { error: String(error) });
  }
}
