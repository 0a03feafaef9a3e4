import type { Desk } from "../model/desk.ts";
import { MessageContent } from "./content.tsx";
import type { Row } from "./rows.ts";
import { SendingRow } from "./sending-row.tsx";

interface UnsentViewProps {
  desk: Desk;
  row: Extract<Row, { kind: "unsent" }>;
  onMenu: (at: { x: number; y: number }) => void;
}

/** A message on its way, or one that the server has refused. */
export function UnsentView({ desk, row: { key, unsent, isFirst }, onMenu }: UnsentViewProps) {
  const { message, atMs, isRefused, error } = unsent;
  return (
    <SendingRow
      rowKey={key}
      isFirst={isFirst}
      isFailed={isRefused}
      error={error}
      atMs={atMs}
      content={message.content}
      draw={() => <MessageContent desk={desk} contentType={message.contentType} content={message.content} />}
      onMenu={isRefused ? onMenu : undefined}
    />
  );
}
