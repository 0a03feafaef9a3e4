import type { Identity } from "../ports.ts";
import { escapeHtml, renderPage } from "./html.ts";

export function renderLanding({ host, version }: Identity): string {
  return renderPage(
    "Parley",
    `<main class="narrow">
<h1>Parley</h1>
<p>A chat server is running here: host <code>${escapeHtml(host)}</code>, version <code>${escapeHtml(version)}</code>.</p>
<div class="links">
<a href="/"><b>Chat</b><span>The chat for browsers</span></a>
<a href="/docs"><b>Reference</b><span>Every route, frame, close code and error</span></a>
<a href="/admin/"><b>Administration</b><span>API keys, accounts, usage and logs of the models</span></a>
<a href="/openapi.json"><b>OpenAPI</b><span>The routes for programs, version 3.1</span></a>
<a href="/asyncapi.json"><b>AsyncAPI</b><span>The frames for programs, version 3.0</span></a>
<a href="/ready"><b>Ready?</b><span>Part by part, and which durability holds</span></a>
<a href="/metrics"><b>Metrics</b><span>For Prometheus; <code>/health</code> says it is alive</span></a>
</div>
<p>Try it from two terminals:</p>
<pre>npm run chat -- --as alice
npm run chat -- --as bob</pre>
<p class="quiet">Devices connect to <code>/ws</code>; their routes are under <code>/api/v1</code>. OpenAI's clients use <code>/v1</code>.</p>
</main>`,
  );
}
