import type { ApiDocument, Operation } from "../docs/openapi.ts";
import { renderFields, renderSchema } from "./fields.ts";
import { renderFrames } from "./frames.ts";
import { escapeHtml, renderPage, renderText } from "./html.ts";

interface Listed {
  path: string;
  method: string;
  operation: Operation;
}

/** The reference as one page without script: what /openapi.json says, for people. */
export function renderDocs(api: ApiDocument): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))];
  const groups = tags.map((tag) => ({ tag, own: operations.filter(({ operation }) => operation.tags.includes(tag)) }));
  const links = groups.map(({ tag, own }) => renderLink(tag, tag, own.length));
  const sections = groups.map(({ tag, own }) => renderSection(tag, own));
  const base = api.servers.map(({ url }) => url).join(", ");
  return renderPage(
    "Parley API",
    `<div class="layout">
<nav aria-label="Contents"><b><a href="/">Parley</a></b>
${links.join("\n")}
${renderLink("frames", "WebSocket", api["x-frames"].length)}
${renderLink("errors", "Errors", api["x-errors"].length)}
</nav>
<main>
<h1>Parley API <span class="quiet">${escapeHtml(api.info.version)}</span></h1>
<p>${renderText(api.info.description)}</p>
<p>Paths are below <code>${escapeHtml(base)}</code>; a token goes into the header <code>Authorization: Bearer …</code>. For programs: <a href="/openapi.json">OpenAPI 3.1</a>.</p>
${sections.join("\n")}
<h2 id="frames">WebSocket <small>/ws</small></h2>
${renderFrames(api["x-frames"])}
<h2 id="errors">Errors</h2>
${renderErrors(api)}
</main>
</div>`,
  );
}

function renderLink(id: string, name: string, count: number): string {
  return `<a href="#${escapeHtml(id)}">${escapeHtml(name)} <i>${count}</i></a>`;
}

function renderSection(tag: string, own: readonly Listed[]): string {
  return `<h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>\n<div class="card">${own.map(renderOperation).join("\n")}</div>`;
}

function renderOperation({ path, method, operation }: Listed): string {
  const access = operation.security.length > 0 ? "" : `<span class="open">no token</span>`;
  const parameters = operation.parameters.filter((each) => each.in !== "header");
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const parts = [
    parameters.length > 0 ? `<h3>Parameters</h3>${renderFields(parameters)}` : "",
    body ? `<h3>Body</h3>${renderSchema(body)}` : "",
  ].join("");
  return `<details><summary><span class="tag ${method}">${method.toUpperCase()}</span><span><code>${escapeHtml(path)}</code>${access}</span>
<p>${renderText(operation.summary)}</p></summary>
<div class="inside">${parts || `<p class="quiet">Takes nothing.</p>`}</div></details>`;
}

function renderErrors(api: ApiDocument): string {
  const rows = api["x-errors"].map(
    ({ code, status, name, message }) =>
      `<tr><td><code>${code}</code></td><td>${status}</td><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(message)}</td></tr>`,
  );
  return `<div class="card scroll"><table><tr><th>Code</th><th>HTTP</th><th>Name</th><th>Message</th></tr>${rows.join("")}</table></div>`;
}
