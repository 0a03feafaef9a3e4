import { explain } from "../base/explain.ts";
import type { Desk } from "../model/desk.ts";
import { MessageContent } from "./content.tsx";
import { MessageRow } from "./message-row.tsx";
import type { Row } from "./rows.ts";

interface UnsentViewProps {
  desk: Desk;
  row: Extract<Row, { kind: "unsent" }>;
  onMenu: (at: { x: number; y: number }) => void;
}

/** A message on its way, or one that the server has refused. */
export function UnsentView({ desk, row: { key, unsent, isFirst }, onMenu }: UnsentViewProps) {
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
      draw={() => <MessageContent desk={desk} contentType={message.contentType} content={message.content} />}
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
