import type { ApiDocument, JsonSchema, Operation } from "../openapi.ts";
import { escapeHtml, renderPage } from "./html.ts";

/** The reference as one page without script: what /openapi.json says, for people. */
export function renderDocs(api: ApiDocument): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag));
    return `<h2>${escapeHtml(tag)}</h2>\n${own.map(renderOperation).join("\n")}`;
  });
  const base = api.servers.map(({ url }) => url).join(", ");
  return renderPage(
    "Parley API",
    `<h1>Parley API <span class="quiet">${escapeHtml(api.info.version)}</span></h1>
<p>${escapeHtml(api.info.description)} Paths are below <code>${escapeHtml(base)}</code>. Also as <a href="/openapi.json">OpenAPI</a>.</p>
${sections.join("\n")}
<h2>WebSocket frames</h2>
${renderFrames(api)}
<h2>Errors</h2>
${renderErrors(api)}`,
  );
}

function renderOperation({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const access = operation.security.length > 0 ? "" : ` <span class="quiet">no token</span>`;
  const body = operation.requestBody?.content["application/json"].schema;
  const query = operation.parameters.filter((each) => each.in === "query");
  const rows = [
    ...query.map(({ name, schema, required }) => renderField(`?${name}`, schema, required)),
    ...fieldsOf(body).map(({ name, schema, required }) => renderField(name, schema, required)),
  ];
  return `<details><summary><span class="method">${method.toUpperCase()}</span><code>${escapeHtml(path)}</code>
<span class="quiet">${escapeHtml(operation.summary)}</span>${access}</summary>
<table>${rows.join("")}</table></details>`;
}

function fieldsOf(schema: JsonSchema | undefined): { name: string; schema: JsonSchema; required: boolean }[] {
  const properties = (schema?.properties ?? {}) as Record<string, JsonSchema>;
  const required = (schema?.required ?? []) as string[];
  return Object.entries(properties).map(([name, each]) => ({ name, schema: each, required: required.includes(name) }));
}

function renderField(name: string, schema: JsonSchema, required: boolean): string {
  const { type = "any", ...rest } = schema;
  const limits = Object.keys(rest).length > 0 ? JSON.stringify(rest) : "";
  const need = required ? "required" : "";
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${String(type)}</td><td>${need}</td><td class="quiet">${escapeHtml(limits)}</td></tr>`;
}

function renderFrames(api: ApiDocument): string {
  const rows = api["x-frames"].map(
    (frame) =>
      `<tr><td><code>${escapeHtml(frame.type)}</code></td><td>${escapeHtml(frame.from)}</td><td>${escapeHtml(frame.summary)}</td></tr>`,
  );
  return `<table><tr><th>Frame</th><th>Sent by</th><th></th></tr>${rows.join("\n")}</table>`;
}

function renderErrors(api: ApiDocument): string {
  const rows = api["x-errors"].map(
    ({ code, status, name, message }) =>
      `<tr><td><code>${code}</code></td><td>${status}</td><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(message)}</td></tr>`,
  );
  return `<table><tr><th>Code</th><th>HTTP</th><th>Name</th><th></th></tr>${rows.join("\n")}</table>`;
}
