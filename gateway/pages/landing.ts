import type { Identity } from "../ports.ts";
import { escapeHtml, renderPage } from "./html.ts";

export function renderLanding({ host, version }: Identity): string {
  return renderPage(
    "Parley",
    `<h1>Parley</h1>
<p>A chat server is running here: host <code>${escapeHtml(host)}</code>, version ${escapeHtml(version)}.</p>
<ul>
<li><a href="/docs">API and frame reference</a> (as <a href="/openapi.json">OpenAPI</a>)</li>
<li><a href="/ready">Is it ready, and what does it promise?</a> · <a href="/health">Is it alive?</a> · <a href="/metrics">Metrics</a></li>
</ul>
<p>Devices connect to <code>/ws</code>; everything else is under <code>/api/v1</code>. From a terminal: <code>npm run chat -- --as alice</code>.</p>`,
  );
}
