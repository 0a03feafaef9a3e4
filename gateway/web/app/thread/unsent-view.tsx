import { explain } from "../base/explain.ts";
import { textIn } from "../model/preview.ts";
import { drawContent } from "./content.tsx";
import { MessageRow } from "./message-row.tsx";
import type { Row } from "./rows.ts";

interface UnsentViewProps {
  row: Extract<Row, { kind: "unsent" }>;
  onMenu: (at: { x: number; y: number }) => void;
}

/** A message on its way, or one that the server has refused. */
export function UnsentView({ row: { key, unsent, isFirst }, onMenu }: UnsentViewProps) {
  const { message, atMs, isRefused, error } = unsent;
  return (
    <MessageRow
      rowKey={key}
      messageId={undefined}
      isOwn
      isFirst={isFirst}
      isLast
      status={isRefused ? "failed" : "sending"}
      senderId=""
      senderName=""
      senderAvatar="none"
      atMs={atMs}
      isEdited={false}
      content={message.content}
      draw={() => drawContent(message.contentType, message.content) ?? textIn(message.content)}
      below={() =>
        error && (
          <p class="message-error" role="alert">
            {explain(error)}
          </p>
        )
      }
      belowKey={error?.message}
      onMenu={isRefused ? onMenu : undefined}
    />
  );
}
