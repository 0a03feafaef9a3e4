// An answer of a model while it is written.
import type { HeldReply } from "../../../client/replica/replies.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";
import { Markdown } from "../ui/markdown.tsx";

export function ReplyView({ desk, reply }: { desk: Desk; reply: HeldReply }) {
  const { replyId, status, text, error } = reply;
  const isRunning = status === "running";
  const stop = () => desk.client.api.assistants.stop(replyId).catch(showFailure);
  return (
    <article class="message theirs first last model" data-key={replyId} data-testid="reply" data-status={status}>
      <Avatar id={replyId} name="" kind="model" size="small" />
      <div class="message-body">
        <div class="bubble-line">
          <div class="bubble" aria-busy={isRunning}>
            {text === "" && isRunning && (
              <p class="thinking" role="status">
                <span>{t("thread.model.thinking")}</span>
                <i />
                <i />
                <i />
              </p>
            )}
            {text !== "" && <Markdown text={text} />}
            {status === "failed" && (
              <p class="model-note bad" role="alert">
                {t("thread.model.failed", { reason: error?.message ?? "" })}
              </p>
            )}
          </div>
        </div>
        {isRunning && (
          <div class="message-tools">
            <Button kind="quiet" icon="stop" testId="stop" onClick={() => void stop()}>
              {t("thread.stop")}
            </Button>
          </div>
        )}
      </div>
    </article>
  );
}
