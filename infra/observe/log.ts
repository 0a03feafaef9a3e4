// The log: one line per event, as JSON for machines or as aligned text for people. No secret is written (G12): the value of a
// field with a secret's name is redacted, and so are tokens inside a text. The length of a line is bounded, whatever fields are
// logged.
import type { Log } from "../../gateway/ports.ts";

const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = "json" | "pretty";
interface Logger extends Log {
  debug(message: string, fields?: Record<string, unknown>): void;
}

const maxTextLength = 8_192; // longer texts are cut
const maxDepth = 5; // deeper values are written as "…"
const maxEntries = 100; // written of an array or object; the rest is counted

export function createLog(options: {
  level: LogLevel;
  format: LogFormat;
  nowMs?: () => number;
  write?: (line: string) => void;
}): Logger {
  const lowest = logLevels.indexOf(options.level);
  const nowMs = options.nowMs ?? Date.now;
  const write = options.write ?? ((line) => void process.stdout.write(line));
  const encode = options.format === "json" ? encodeJson : encodePretty;
  const at = (level: LogLevel) => {
    if (logLevels.indexOf(level) < lowest) return () => {};
    return (message: string, fields?: Record<string, unknown>) => {
      const safe = fields ? (redact(fields) as Record<string, unknown>) : {};
      write(`${encode(new Date(nowMs()).toISOString(), level, redactText(message), safe)}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function encodeJson(at: string, level: LogLevel, message: string, fields: Record<string, unknown>): string {
  return JSON.stringify({ at, level, message, ...fields });
}

function encodePretty(at: string, level: LogLevel, message: string, fields: Record<string, unknown>): string {
  const { stack, ...others } = fields;
  const pairs = Object.entries(others).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const head = `${at.slice(11, 23)} ${level.padEnd(5)} ${[message, ...pairs].join("  ")}`;
  return typeof stack === "string" ? `${head}\n${stack}` : head;
}

const secretName = /token|password|passwd|secret|authorization|cookie|credential|api_?key|refreshhash/i;
const codeName = /^(code|verify_?code|verification_?code)$/i;
const secretInText =
  /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+|\bBearer +[\w.~+/=-]+|\b[sn]k-[\w-]{8,}|([?&](?:[a-z]+_)?(?:token|code|password|secret|key)=)[^&\s"]+|(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi;

/** A copy of `value` without secrets and of bounded size. */
function redact(value: unknown, name = "", depth = 0): unknown {
  if (value === undefined || value === null || typeof value === "number" || typeof value === "boolean") return value;
  // `code` is redacted only when it looks like a verification code, so that close codes and error codes stay readable.
  if (secretName.test(name) || (codeName.test(name) && typeof value === "string" && /^\d{4,8}$/.test(value))) {
    return "[redacted]";
  }
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object") return String(value);
  if (depth >= maxDepth) return "…";
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value.toJSON();
  if (Array.isArray(value)) {
    const shown: unknown[] = value.slice(0, maxEntries).map((item) => redact(item, name, depth + 1));
    return value.length > maxEntries ? [...shown, `… and ${value.length - maxEntries} more`] : shown;
  }
  const entries = value instanceof Map ? [...value].map(([k, v]) => [String(k), v] as const) : Object.entries(value);
  const shown = entries.slice(0, maxEntries).map(([key, item]) => [key, redact(item, key, depth + 1)]);
  if (entries.length > maxEntries) shown.push(["…", `and ${entries.length - maxEntries} more`]);
  return Object.fromEntries(shown);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, "", depth + 1) };
  return { name: error.name, message: redactText(error.message), stack: redactText(error.stack ?? ""), ...cause };
}

function redactText(text: string): string {
  const cut = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}… (${text.length} characters)` : text;
  return cut.replace(secretInText, (_, query?: string, scheme?: string) =>
    scheme ? `${scheme}[redacted]@` : `${query ?? ""}[redacted]`,
  );
}
