// Declares the servers that a test file needs; a file cannot use a server that it does not declare. Where a server cannot be
// installed, the file's tests are not run, and `npm test` names them. With CI=true, or when an installed server does not start,
// each of these tests fails with the reason.
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import ava, { type TestFn } from "ava";
import { type GivenStack, type NotRun, readGivenStack } from "./given-stack.ts";
import type { NeedName } from "./need-names.ts";
import { sayNeeds } from "./said-needs.ts";

/** Replaces `import test from "ava"`, once per file: `const test = needs("cassandra", "nats")`. */
export function needs<Context = unknown>(...servers: NeedName[]): TestFn<Context> {
  sayNeeds(servers);
  const verdict = decideNeeds(servers, readGivenStack(), { isCi: isCi(process.env.CI) });
  const real = ava as TestFn<Context>;
  if (verdict.kind === "run") return real;
  const register =
    verdict.kind === "fail"
      ? (...args: unknown[]) => real(titleOf(args), (t) => t.fail(verdict.reason))
      : (...args: unknown[]) => {
          noteNotRun(verdict.server);
          (real.skip as (...all: unknown[]) => void)(...args);
        };
  return standIn(register) as TestFn<Context>;
}

type Verdict = { kind: "run" } | { kind: "fail"; reason: string } | { kind: "notRun"; server: NeedName };

export function decideNeeds(servers: readonly NeedName[], given: GivenStack, { isCi }: { isCi: boolean }): Verdict {
  for (const server of servers) {
    const broken = given.broken?.[server];
    if (broken) return { kind: "fail", reason: broken };
  }
  for (const server of servers) {
    const missing = given.missing?.[server];
    if (missing) return isCi ? { kind: "fail", reason: missing } : { kind: "notRun", server };
  }
  return { kind: "run" };
}

export function isCi(variable: string | undefined): boolean {
  return variable !== undefined && !["", "0", "false"].includes(variable);
}

/** Has the same methods as ava's `test`. Its hooks do nothing, because they would use the missing server. */
function standIn(register: (...args: unknown[]) => void): unknown {
  const hook = Object.assign(() => {}, { always: () => {} });
  const hooks = { before: hook, after: hook, beforeEach: hook, afterEach: hook };
  const serial = Object.assign((...args: unknown[]) => register(...args), hooks);
  return Object.assign((...args: unknown[]) => register(...args), hooks, {
    serial,
    macro: ava.macro,
    meta: ava.meta,
  });
}

function titleOf(args: readonly unknown[]): string {
  return args.find((each) => typeof each === "string") ?? "what this file tests";
}

function noteNotRun(server: NeedName): void {
  const { notRunPath } = readGivenStack();
  const path = ava.meta.file.startsWith("file:") ? fileURLToPath(ava.meta.file) : ava.meta.file;
  const line: NotRun = { server, file: relative(process.cwd(), path) };
  if (notRunPath) appendFileSync(notRunPath, `${JSON.stringify(line)}\n`);
}
