// `npm run docs [-- openapi | asyncapi | html | env]`: prints the reference, made from the routes, frames and variables.
import { describeSocket } from "../gateway/docs/asyncapi.ts";
import { describeApi } from "../gateway/docs/openapi.ts";
import { renderDocs } from "../gateway/pages/docs.ts";
import { routes } from "../gateway/rest/routes.ts";
import { surfaceRoutes } from "../gateway/surfaces/routes.ts";
import { v1Routes } from "../gateway/v1/routes.ts";
import { printEnvExample } from "./config/variables.ts";
import { version } from "./system/version.ts";

const describeRoutes = () => describeApi(routes, version, [...surfaceRoutes, ...v1Routes]);
const printers: Readonly<Record<string, () => string>> = {
  openapi: () => JSON.stringify(describeRoutes(), null, 2),
  asyncapi: () => JSON.stringify(describeSocket(version), null, 2),
  html: () => renderDocs(describeRoutes(), describeSocket(version)),
  env: () => printEnvExample().trimEnd(),
};

const [what = "openapi"] = process.argv.slice(2);
const print = printers[what];
if (!print) {
  console.error(`There is no reference "${what}". Known: ${Object.keys(printers).join(", ")}.`);
  process.exit(1);
}
console.log(print());
