// `npm run docs [-- openapi | frames | env]`: prints the reference, made from the routes, frames and variables themselves.
import { describeFrames } from "../gateway/docs/frames.ts";
import { describeApi } from "../gateway/docs/openapi.ts";
import { routes } from "../gateway/rest/routes.ts";
import { printEnvExample } from "./config/variables.ts";
import { version } from "./system/version.ts";

const printers: Readonly<Record<string, () => string>> = {
  openapi: () => JSON.stringify(describeApi(routes, describeFrames(), version), null, 2),
  frames: printFrames,
  env: () => printEnvExample().trimEnd(),
};

const [what = "openapi"] = process.argv.slice(2);
const print = printers[what];
if (!print) {
  console.error(`There is no reference "${what}". Known: ${Object.keys(printers).join(", ")}.`);
  process.exit(1);
}
console.log(print());

/** Markdown: what clients send, what the server sends, how it closes. */
function printFrames(): string {
  const frames = describeFrames();
  const isClose = (type: string) => type.startsWith("close ");
  const titled = [
    ["Client frames", frames.filter(({ from }) => from === "client")],
    ["Server frames", frames.filter(({ from, type }) => from === "server" && !isClose(type))],
    ["Close codes", frames.filter(({ type }) => isClose(type))],
  ] as const;
  return titled
    .map(([title, rows]) => {
      const lines = rows.map(({ type, summary }) => `| \`${type.replace("close ", "")}\` | ${summary} |`);
      return [`## ${title}`, "", "| name | meaning |", "|---|---|", ...lines].join("\n");
    })
    .join("\n\n");
}
