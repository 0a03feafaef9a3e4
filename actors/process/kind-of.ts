import { DomainError } from "../shared/errors.ts";
import type { AnyProcessKind, ProcessKinds, ProcessName } from "./contract.ts";

/** `reply:…` → the kind of replies. Throws for a name that this host does not know. */
export function kindOf(kinds: ProcessKinds, key: string): AnyProcessKind {
  const name = key.slice(0, key.indexOf(":")) as ProcessName;
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!kind) throw new DomainError("common.invalid", { message: `There is no process of the kind ${name}.` });
  return kind;
}
