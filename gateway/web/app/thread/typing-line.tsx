import type { ComponentChildren } from "preact";
import { t } from "../base/prefs.ts";
import { useSource } from "../base/use-source.ts";
import type { Desk } from "../model/desk.ts";

interface TypingLineProps {
  desk: Desk;
  sessionId: string;
  isGroup: boolean;
  /** While nobody types. */
  children: ComponentChildren;
}

export function TypingLine({ desk, sessionId, isGroup, children }: TypingLineProps) {
  const users = useSource(desk.presence).typingIn(sessionId);
  const [first] = users;
  if (first === undefined) return <p class="thread-state">{children}</p>;
  const { name } = desk.people.get(first);
  const text =
    users.length > 1 ? t("thread.typing.many") : isGroup ? t("thread.typing", { name }) : t("thread.typing.you");
  return (
    <p class="thread-state typing" data-testid="typing" role="status">
      {text}
    </p>
  );
}
