// The command line of `npm run bench -- llm`.
import { parseArgs } from "node:util";

export interface LlmOptions {
  readonly scenarios: readonly string[];
  readonly jsonFile?: string;
  /** Runs of each measurement: the lowest CPU time counts. */
  readonly rounds: number;
  /** A folder: the server writes a CPU profile there when it ends. */
  readonly profiles?: string;
}

export const usage = (names: readonly string[]) => `npm run bench -- llm [scenario …] [options]

Requests to models, through this server and through a bare proxy, to a scripted upstream. Each is a process of its own.
Scenarios: ${names.join(", ")}

  --json FILE        also writes the figures to a file
  --rounds 3         runs of each measurement: the lowest CPU time counts
  --profiles FOLDER  a CPU profile of the server`;

export function readOptions(args: readonly string[], names: readonly string[]): LlmOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "string" },
      rounds: { type: "string", default: "3" },
      profiles: { type: "string" },
    },
  });
  const scenarios = positionals.flatMap((part) => {
    const chosen = names.filter((name) => name === part || name.startsWith(`${part}-`));
    if (chosen.length === 0) throw new Error(`Unknown: ${part}.\n\n${usage(names)}`);
    return chosen;
  });
  return {
    scenarios: scenarios.length > 0 ? scenarios : names,
    jsonFile: values.json,
    rounds: Number(values.rounds),
    profiles: values.profiles,
  };
}
