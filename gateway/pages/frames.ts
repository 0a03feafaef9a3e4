import type { FrameDoc } from "../docs/openapi.ts";
import { renderSchema } from "./fields.ts";
import { escapeHtml, renderText } from "./html.ts";

/** What travels on a socket: what a client sends, what the server says, and with which code it closes. */
export function renderFrames(frames: readonly FrameDoc[]): string {
  const isClose = ({ type }: FrameDoc) => type.startsWith("close ");
  const fromClient = frames.filter(({ from }) => from === "client");
  const fromServer = frames.filter((frame) => frame.from === "server" && !isClose(frame));
  return `<p>Frames are JSON: <code>{type, msgId?, timestamp, data}</code>. Answers carry the <code>msgId</code> of what they answer.</p>
<p class="quiet">What a client sends</p>
<div class="card">${fromClient.map((frame) => renderFrame(frame, "client")).join("\n")}</div>
<p class="quiet">What the server says</p>
<div class="card">${fromServer.map((frame) => renderFrame(frame, "server")).join("\n")}</div>
<p class="quiet">How it closes</p>
<div class="card">${frames
    .filter(isClose)
    .map((frame) => renderFrame(frame, "close"))
    .join("\n")}</div>`;
}

function renderFrame({ type, summary, answer, data, reason, reconnect }: FrameDoc, kind: string): string {
  const name = kind === "close" ? type.slice("close ".length) : type;
  const facts = [
    answer === undefined ? "" : `<h3>Answered by</h3><code>${escapeHtml(answer)}</code>`,
    data === undefined
      ? ""
      : `<h3>data</h3>${typeof data === "string" ? `<code>${escapeHtml(data)}</code>` : renderSchema(data)}`,
    reason === undefined ? "" : `<h3>Reason</h3><code>${escapeHtml(reason)}</code>`,
    reconnect === undefined ? "" : `<h3>Reconnect</h3>${escapeHtml(reconnect)}`,
  ];
  return `<details><summary><span class="tag ${kind}">${kind}</span><code>${escapeHtml(name)}</code>
<p>${renderText(summary)}</p></summary><div class="inside">${facts.join("")}</div></details>`;
}
