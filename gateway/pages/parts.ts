// Parts of the reference page that routes and frames share.
import type { JsonSchema } from "../docs/json-schema.ts";
import { renderSchema } from "./fields.ts";
import { escapeHtml, renderText } from "./html.ts";

export interface ErrorRow {
  code: string;
  status?: number;
  name: string;
  message: string;
}

/** An entry that opens on a click: tag, name and summary, then its details. */
export function renderEntry(entry: {
  kind: string;
  tag: string;
  name: string;
  summary: string;
  inside: string;
}): string {
  const { kind, tag, name, summary, inside } = entry;
  return `<details><summary><span class="tag ${kind}">${escapeHtml(tag)}</span><span>${name}</span>
<p>${renderText(summary)}</p></summary>
<div class="inside">${inside}</div></details>`;
}

export function renderCard(entries: readonly string[]): string {
  return `<div class="card">${entries.join("\n")}</div>`;
}

export function renderPart(title: string, html: string): string {
  return `<h3>${escapeHtml(title)}</h3>${html}`;
}

export function renderExample(example: unknown): string {
  return `<pre>${escapeHtml(JSON.stringify(example, null, 2))}</pre>`;
}

/** A table for each shape that other tables link to. */
export function renderShapes(schemas: Readonly<Record<string, JsonSchema>>): string {
  const names = Object.keys(schemas).sort((a, b) => a.localeCompare(b));
  return names
    .map((name) => {
      const id = `shape-${escapeHtml(name)}`;
      return `<section class="card shape" id="${id}"><h3>${escapeHtml(name)}</h3>${renderSchema(schemas[name] ?? {})}</section>`;
    })
    .join("\n");
}

export function renderErrors(errors: readonly ErrorRow[]): string {
  const hasStatus = errors.some(({ status }) => status !== undefined);
  const rows = errors.map(({ code, status, name, message }) => {
    const http = hasStatus ? `<td>${status}</td>` : "";
    return `<tr><td><code>${code}</code></td>${http}<td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(message)}</td></tr>`;
  });
  const head = `<tr><th>Code</th>${hasStatus ? "<th>HTTP</th>" : ""}<th>Name</th><th>Message</th></tr>`;
  return `<div class="scroll"><table>${head}${rows.join("")}</table></div>`;
}
