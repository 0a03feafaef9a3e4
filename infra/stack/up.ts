// `stack up`: starts every server that does not run yet, all at the same time. The servers keep running when the command ends.
// A server that cannot be installed or started is reported together with what the operator can do; the others start all the
// same.
//
// stack-up/recorded: a server stands in the state file before it serves, so that `stack down` finds every process that was
//     started.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "../config/env.ts";
import type { LocalOptions, LocalServer } from "./local-stack.ts";
import { findHolder, isFree } from "./ports.ts";
import { startKept, untilServing } from "./process.ts";
import { PortTakenError, type ServerPlan, ServerStartError, type Toolbox } from "./server-kind.ts";
import { addToState, isSameProcess, type KeptServer, readState, removeFromState } from "./state.ts";

export interface UpResult {
  server: LocalServer;
  outcome: "started" | "running" | "given" | "failed";
  /** For the operator: the version and its origin, or the problem. */
  text: string;
  addresses: string[];
  variables: Record<string, string>;
}

export function up(servers: readonly LocalServer[], options: LocalOptions, tools: Toolbox): Promise<UpResult[]> {
  mkdirSync(options.folder, { recursive: true });
  return Promise.all(servers.map((server) => upOne(server, options, tools)));
}

async function upOne(server: LocalServer, options: LocalOptions, tools: Toolbox): Promise<UpResult> {
  const address = tools.env[server.addressVariable]?.trim();
  if (address) return useGiven(server, address, tools.env);
  const ours = { server, addresses: server.addresses(options), variables: server.variables(options) };
  try {
    const program = await server.obtain(tools);
    const plans = server.plan(program, options);
    const startedNow = await startAll(plans, program.version, options, tools);
    const text = `${program.version} (${program.from})`;
    return { ...ours, outcome: startedNow ? "started" : "running", text };
  } catch (error) {
    return { ...ours, outcome: "failed", text: (error as Error).message };
  }
}

async function useGiven(server: LocalServer, address: string, env: Env): Promise<UpResult> {
  const given = { server, addresses: [address], variables: {} };
  try {
    await server.checkGiven(address, env);
    return { ...given, outcome: "given", text: `by ${server.addressVariable}` };
  } catch (error) {
    const problem = (error as Error).message;
    return { ...given, outcome: "failed", text: `${server.addressVariable}=${address} does not serve: ${problem}` };
  }
}

/** False when all servers ran already. */
async function startAll(
  plans: readonly ServerPlan[],
  version: string,
  { folder }: LocalOptions,
  tools: Toolbox,
): Promise<boolean> {
  const kept = readState(folder).servers;
  const running = new Map<string, KeptServer>(kept.filter(isSameProcess).map((each) => [each.dir, each]));
  const absent = plans.filter(({ dir }) => !running.has(dir));
  for (const plan of absent) await refuseTakenPorts(plan, [...running.values()]);
  const name = plans[0]?.name ?? "";
  const startedMs = performance.now();
  if (absent.length > 0) tools.say(`Starting ${name} …`);
  await Promise.all(
    plans.map((plan) => {
      const ranBefore = running.get(plan.dir);
      if (ranBefore) return untilServing(plan, () => !isSameProcess(ranBefore));
      return startKept(plan, (pid) => {
        addToState(folder, { name: plan.name, pid, ports: [...plan.ports], version, dir: plan.dir }); // stack-up/recorded
      }).catch((error: unknown) => {
        removeFromState(folder, [plan.dir]);
        throw error;
      });
    }),
  );
  if (absent.length > 0) tools.say(`${name} serves after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s.`);
  return absent.length > 0;
}

async function refuseTakenPorts(plan: ServerPlan, running: readonly KeptServer[]): Promise<void> {
  for (const port of plan.ports) {
    if (await isFree(port)) continue;
    if (running.some(({ ports }) => ports.includes(port))) {
      throw new ServerStartError(
        `${plan.name} runs with another number of servers: run "npm run stack down ${plan.name}" first`,
      );
    }
    throw new PortTakenError(plan.name, port, findHolder(port));
  }
}

/** Writes the variables that a host of the cluster needs to `<folder>/env`, and returns the path and the lines. */
export function writeEnvironment(results: readonly UpResult[], folder: string): { path: string; lines: string[] } {
  const lines = results
    .filter(({ outcome }) => outcome !== "failed")
    .flatMap(({ variables }) => Object.entries(variables).map(([name, value]) => `${name}=${value}`));
  const path = join(folder, "env");
  writeFileSync(path, `${lines.join("\n")}\n`);
  return { path, lines };
}
