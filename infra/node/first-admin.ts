// The first administrator. A name that is taken is left alone: its user has chosen a password, or never was an administrator.
// Gateways may start before the hosts of actors, so a try that fails is repeated until the actors answer.
import { Handle } from "../../actors/handle/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { Backoff } from "../../actors/shared/backoff.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { opaquePassword } from "../../actors/shared/names.ts";
import type { Log, PasswordHasher } from "../../gateway/ports.ts";
import { accountTarget } from "../../gateway/rest/account/account.ts";
import type { SurfaceConfig } from "../config/surfaces.ts";
import { systemClock } from "../system/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";

interface Deps {
  actors: Actors;
  passwords: PasswordHasher;
  log: Log;
  admin: SurfaceConfig["admin"];
  /** For a password that nobody has chosen: shown once. */
  show(line: string): void;
}

const retryMinMs = 1_000;
const retryMaxMs = 30_000;

/** Resolves after the first try; the others go on in the background. */
export async function openFirstAdmin(deps: Deps, lifecycle: Lifecycle): Promise<void> {
  const pauses = new Backoff({ minMs: retryMinMs, maxMs: retryMaxMs, unit: Math.random });
  let cancel = () => {};
  let isStopped = false;
  const attempt = async (): Promise<void> => {
    try {
      await makeFirstAdmin(deps);
    } catch (error) {
      if (isStopped) return;
      deps.log.warn("admin: the first administrator could not be made, and is tried again", { error: String(error) });
      cancel = systemClock.after(pauses.next(), () => void attempt());
    }
  };
  const stop = () => {
    isStopped = true;
    cancel();
  };
  await lifecycle.start({ name: "first administrator", start: attempt, drain: stop });
}

/** Throws when the actors cannot be reached. */
export async function makeFirstAdmin({ actors, passwords, log, admin, show }: Deps): Promise<void> {
  const { username, password, isGenerated } = admin;
  const target = accountTarget(username);
  if (password === undefined || !target) return;
  const handle = actors.get(Handle, target.key);
  if ((await handle.find({})).userId !== undefined) return;
  const passwordHash = await passwords.hash(opaquePassword(password));
  const user = { nickname: username, phone: "", email: "", account: target.address, role: "admin" as const };
  try {
    await handle.register({ ...user, passwordHash });
  } catch (error) {
    // Another host was first.
    if (error instanceof DomainError && error.error === "auth.user_exists") return;
    throw error;
  }
  log.info("admin: the first administrator was made", { username });
  if (isGenerated)
    show(`The administrator is ${username} with the password ${password}  (shown once; ADMIN_PASSWORD sets another)`);
}
