// The table of all environment variables. `.env.example` is printed from it.
import { fileVariables } from "./file-variables.ts";
import { ledgerVariables } from "./ledger-variables.ts";
import { limitVariables } from "./limit-variables.ts";
import { modelVariables } from "./model-variables.ts";
import { oidcVariables } from "./oidc-variables.ts";
import { poolVariables } from "./pool-variables.ts";
import { generalVariables, identityVariables, senderVariables, storageVariables } from "./process-variables.ts";
import { relayVariables } from "./relay-variables.ts";
import { callVariables, clusterVariables, objectVariables } from "./server-variables.ts";
import { surfaceVariables } from "./surface-variables.ts";
import { describeRange, type Variable } from "./variable.ts";

export type VariableName =
  | keyof typeof generalVariables
  | keyof typeof identityVariables
  | keyof typeof senderVariables
  | keyof typeof oidcVariables
  | keyof typeof storageVariables
  | keyof typeof clusterVariables
  | keyof typeof callVariables
  | keyof typeof modelVariables
  | keyof typeof relayVariables
  | keyof typeof surfaceVariables
  | keyof typeof ledgerVariables
  | keyof typeof poolVariables
  | keyof typeof objectVariables
  | keyof typeof fileVariables;

const sections: Readonly<Record<string, Readonly<Record<string, Variable>>>> = {
  "The process": generalVariables,
  "Identity and access": identityVariables,
  "Surfaces for clients of models": surfaceVariables,
  "Budgets for models": ledgerVariables,
  "Verification codes by mail and SMS": senderVariables,
  "Login by OpenID Connect": oidcVariables,
  "Storage and fan-out": storageVariables,
  "The cluster (without NATS_URL: one process with its own storage)": clusterVariables,
  "Calls: Temporal and LiveKit": callVariables,
  Models: modelVariables,
  "Models: requests": relayVariables,
  "Models: the pool of accounts": poolVariables,
  "Bytes of files": objectVariables,
  Files: fileVariables,
  "Limits of the gateway": limitVariables,
};
export const variables: Readonly<Record<string, Variable>> = Object.assign({}, ...Object.values(sections));

/** The text of `.env.example`. */
export function printEnvExample(): string {
  const lines = [
    "# All variables with their units, ranges and defaults. Copy this file to .env, or set variables in the environment.",
  ];
  for (const [title, rows] of Object.entries(sections)) {
    lines.push("", `# ${title}`);
    for (const [name, variable] of Object.entries(rows)) {
      lines.push("", `# ${variable.text}`, `# ${describeRange(variable)}`, `${name}=${variable.default}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
