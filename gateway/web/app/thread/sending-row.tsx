import type { ComponentChildren } from "preact";
import type { ClientError } from "../../../client/base/errors.ts";
import { explain } from "../base/explain.ts";
import { MessageRow } from "./message-row.tsx";

interface SendingRowProps {
  rowKey: string;
  isFirst: boolean;
  isFailed: boolean;
  /** Shown below the message. */
  error: ClientError | undefined;
  atMs: number;
  content: unknown;
  draw: () => ComponentChildren;
  onMenu: ((at: { x: number; y: number }) => void) | undefined;
}

/** An own message that the server does not have. */
export function SendingRow({ isFailed, error, ...row }: SendingRowProps) {
  return (
    <MessageRow
      {...row}
      messageId={undefined}
      isOwn
      isLast
      status={isFailed ? "failed" : "sending"}
      senderId=""
      senderName=""
      senderAvatar="none"
      isEdited={false}
      below={() =>
        error && (
          <p class="message-error" role="alert">
            {explain(error)}
          </p>
        )
      }
      belowKey={error?.message}
    />
  );
}
