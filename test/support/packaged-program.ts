// A program that tests run: found on this machine, or installed now from its Debian package.
import { installPackage } from "../../infra/stack/apt.ts";
import type { Toolbox } from "../../infra/stack/server-kind.ts";
import { findInPath } from "../../infra/stack/tools.ts";
import { NeedMissingError, type NeedName } from "./need-names.ts";

interface PackagedProgram {
  /** Of the need and of the package. */
  readonly name: NeedName;
  readonly find?: (env: NodeJS.ProcessEnv) => string | undefined;
  /** What the user can do instead of the installation. */
  readonly orElse?: string;
}

/** The path of the program: the one found, else that of the package installed now. */
export async function obtainProgram(
  { name, find = (env) => findInPath(name, env), orElse = "" }: PackagedProgram,
  tools: Toolbox,
): Promise<string> {
  const found = find(tools.env);
  if (found) return found;
  const problem = await installPackage(name, tools);
  const installed = problem ? undefined : find(tools.env);
  if (installed) return installed;
  const remedy = `install it (Debian, as root: "apt-get install ${name}")${orElse}`;
  throw new NeedMissingError(`${name}: ${problem ?? "its package has no program of this name"}; ${remedy}`);
}
