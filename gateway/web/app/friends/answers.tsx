import { useState } from "preact/hooks";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import { Button } from "../ui/button.tsx";

interface AnswersProps {
  /** Sends the answer. Its rejection is shown at the edge of the page. */
  answer: (isYes: boolean) => Promise<void>;
  acceptTestId?: string;
  rejectTestId?: string;
}

/** The two answers to a request or an invitation, of which one is sent at a time. */
export function Answers({ answer, acceptTestId, rejectTestId }: AnswersProps) {
  const [sending, setSending] = useState<boolean>();
  const send = async (isYes: boolean) => {
    if (sending !== undefined) return;
    setSending(isYes);
    await answer(isYes).catch(showFailure);
    setSending(undefined);
  };
  return (
    <>
      <Button kind="primary" isBusy={sending === true} testId={acceptTestId} onClick={() => void send(true)}>
        {t("friends.accept")}
      </Button>
      <Button isBusy={sending === false} testId={rejectTestId} onClick={() => void send(false)}>
        {t("friends.reject")}
      </Button>
    </>
  );
}
