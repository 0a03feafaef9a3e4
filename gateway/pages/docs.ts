import type { SocketDocument } from "../docs/asyncapi.ts";
import type { ApiDocument } from "../docs/openapi.ts";
import { countFrames, renderFrames } from "./frames.ts";
import { escapeHtml, renderPage, renderText } from "./html.ts";
import { renderErrors, renderShapes } from "./parts.ts";
import { renderRoutes } from "./routes.ts";

/** The content of /openapi.json and /asyncapi.json as one page for people, without script. */
export function renderDocs(api: ApiDocument, socket: SocketDocument): string {
  const resources = renderRoutes(api);
  const schemas = { ...socket.components.schemas, ...api.components.schemas };
  return renderPage(
    "Parley API",
    `<div class="layout">
<nav aria-label="Contents"><b><a href="/developers">Parley</a></b>
${resources.map(({ name, count }) => renderLink(name, name, count)).join("\n")}
${renderLink("frames", "WebSocket", countFrames(socket))}
${renderLink("shapes", "Shapes", Object.keys(schemas).length)}
${renderLink("errors", "Errors", api["x-errors"].length)}
</nav>
<main>
<h1>Parley API <span class="quiet">${escapeHtml(api.info.version)}</span></h1>
<p>${renderText(api.info.description)}</p>
<p>A token goes into the header <code>Authorization: Bearer …</code>. For programs: <a href="/openapi.json">OpenAPI 3.1</a>.</p>
${resources.map(({ name, html }) => renderSection(name, name, html)).join("\n")}
${renderSection("frames", "WebSocket /ws", renderFrames(socket))}
${renderSection("shapes", "Shapes", renderShapes(schemas))}
${renderSection("errors", "Errors", `<div class="card">${renderErrors(api["x-errors"])}</div>`)}
</main>
</div>`,
  );
}

function renderLink(id: string, name: string, count: number): string {
  return `<a href="#${escapeHtml(id)}">${escapeHtml(name)} <i>${count}</i></a>`;
}

function renderSection(id: string, title: string, html: string): string {
  return `<h2 id="${escapeHtml(id)}">${escapeHtml(title)}</h2>\n${html}`;
}
