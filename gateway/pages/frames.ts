import type { Message, SocketDocument, SocketOperation } from "../docs/asyncapi.ts";
import { renderSchema } from "./fields.ts";
import { escapeHtml } from "./html.ts";
import { renderCard, renderEntry, renderErrors, renderExample, renderPart } from "./parts.ts";

/** The frames that clients send, the frames that the server sends, and the close codes. */
export function renderFrames(socket: SocketDocument): string {
  const { messages } = socket.components;
  const operations = Object.values(socket.operations);
  const of = (operation: SocketOperation) => operation.messages.flatMap(({ $ref }) => messages[lastOf($ref)] ?? []);
  const received = operations.filter(({ action }) => action === "receive");
  const sent = operations.filter(({ action }) => action === "send");
  return `<p>${escapeHtml(socket.info.description)} For programs: <a href="/asyncapi.json">AsyncAPI 3.0</a>.</p>
<h3 class="part">A client sends</h3>
${renderCard(received.flatMap((operation) => of(operation).map((message) => renderReceived(message, operation, messages))))}
<h3 class="part">The server sends</h3>
${renderCard(sent.flatMap((operation) => of(operation).map(renderSent)))}
<h3 class="part">The server closes</h3>
${renderCard(socket["x-close-codes"].map(renderClose))}`;
}

export function countFrames(socket: SocketDocument): number {
  return Object.keys(socket.components.messages).length;
}

function renderReceived(
  message: Message,
  operation: SocketOperation,
  messages: Readonly<Record<string, Message>>,
): string {
  const answers = (operation.reply?.messages ?? []).flatMap(({ $ref }) => messages[lastOf($ref)]?.title ?? []);
  const shown = answers.map((title) => `<code>${escapeHtml(title)}</code>`).join(", ");
  const inside = renderMessage(message) + renderPart("Answers", shown);
  const errors = renderPart("Errors", renderErrors(operation["x-errors"] ?? []));
  return renderFrame("client", message, inside + errors);
}

function renderSent(message: Message): string {
  return renderFrame("server", message, renderMessage(message));
}

function renderFrame(kind: string, { title, summary }: Message, inside: string): string {
  return renderEntry({ kind, tag: kind, name: `<code>${escapeHtml(title)}</code>`, summary, inside });
}

function renderMessage({ payload, examples }: Message): string {
  return (
    renderPart("Fields", renderSchema(payload)) +
    examples.map((each) => renderPart("Example", renderExample(each.payload))).join("")
  );
}

function renderClose({ code, reason, who, reconnect, why }: SocketDocument["x-close-codes"][number]): string {
  const inside =
    renderPart("Reason", `<code>${escapeHtml(reason)}</code>`) +
    renderPart("Caused by", escapeHtml(who)) +
    renderPart("Reconnect", escapeHtml(reconnect));
  return renderEntry({ kind: "close", tag: "close", name: `<code>${code}</code>`, summary: why, inside });
}

function lastOf(ref: string): string {
  return ref.split("/").at(-1) ?? "";
}
