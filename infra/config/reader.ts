// Reads the values of variables with their defaults and checks them against the table of variables. Problems are collected in
// `problems`, so that an operator sees all of them at once.
import { defaultGatewayLimits, type GatewayLimits } from "../../gateway/limits.ts";
import type { Env } from "./env.ts";
import { limitVariables } from "./limit-variables.ts";
import { describeRange } from "./variable.ts";
import { type VariableName, variables } from "./variables.ts";

export type ConfigReader = ReturnType<typeof createReader>;

export function createReader(env: Env) {
  const problems: string[] = [];
  const raw = (name: string) => {
    const given = env[name]?.trim();
    return given ? given : (variables[name]?.default ?? "");
  };
  const refuse = (name: string) => {
    const variable = variables[name];
    const shown = variable?.isSecret ? "a value that is" : `"${raw(name)}", which is`;
    problems.push(`${name} has ${shown} not allowed: ${variable ? describeRange(variable) : ""}.`);
  };
  const list = (name: VariableName) =>
    raw(name)
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const url = (name: VariableName, protocols: readonly string[]): string | undefined => {
    const text = raw(name);
    if (text === "") return undefined;
    if (!protocols.includes(URL.parse(text)?.protocol ?? "")) {
      problems.push(`${name} is not a URL that starts with ${protocols.map((each) => `${each}//`).join(" or ")}.`);
    }
    return text;
  };
  const numberOf = (name: string, text: string) => {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = variables[name] ?? {};
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) refuse(name);
    return value;
  };

  return {
    problems,
    text: (name: VariableName) => raw(name),
    optional: (name: VariableName) => raw(name) || undefined,
    /** The parts of a comma-separated value; empty when the variable is not set. */
    list,
    refuse,
    name(name: VariableName) {
      const text = raw(name);
      if (text !== "" && !variables[name]?.oneOf?.includes(text)) refuse(name);
      return text;
    },
    number: (name: VariableName) => numberOf(name, raw(name)),
    url,
    /** An address to which paths are appended, and which administrators see; without a slash at its end. */
    baseUrl(name: VariableName): string | undefined {
      const text = url(name, ["https:", "http:"])?.replace(/\/+$/, "");
      const parsed = text === undefined ? null : URL.parse(text);
      if (parsed && (parsed.username !== "" || parsed.password !== "" || parsed.search !== "" || parsed.hash !== "")) {
        problems.push(`${name} has a user name, a query or a fragment: only scheme, host, port and path are taken.`);
      }
      return text;
    },
    /** The parts of a comma-separated value, each as `parse` reads it. */
    parsed<T>(name: VariableName, parse: (text: string) => T): T[] {
      return list(name).flatMap((part) => {
        try {
          return [parse(part)];
        } catch (error) {
          problems.push(`${name}: ${(error as Error).message}.`);
          return [];
        }
      });
    },
    limits(): GatewayLimits {
      const limits = { ...defaultGatewayLimits };
      for (const [name, { limit }] of Object.entries(limitVariables)) {
        if (limit === "resendAfterMs")
          limits.resendAfterMs = raw(name)
            .split(",")
            .map((text) => numberOf(name, text.trim()));
        else limits[limit] = numberOf(name, raw(name));
      }
      return limits;
    },
  };
}
