// Reactions: those to a message, and a few to choose from.
import type { Message, Reaction } from "../../../client/base/wire.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";

export const quickEmoji = ["👍", "❤️", "😂", "🎉", "😮", "🙏"] as const;

interface ReactionsProps {
  desk: Desk;
  message: Message;
}

export function Reactions({ desk, message }: ReactionsProps) {
  const { reactions = [] } = message;
  if (reactions.length === 0) return null;
  return (
    <div class="reactions">
      {reactions.map(({ emoji, count, mine }) => (
        <button
          key={emoji}
          type="button"
          class={mine ? "mine" : ""}
          aria-pressed={mine}
          aria-label={t("message.reacted", { emoji, n: count })}
          data-testid="reaction"
          onClick={() => react(desk, message, emoji)}
        >
          <span aria-hidden="true">{emoji}</span>
          {count > 1 && <span aria-hidden="true">{count}</span>}
        </button>
      ))}
    </div>
  );
}

/** The same emoji again takes the reaction back. */
export function react(desk: Desk, { messageId, reactions = [] }: Message, emoji: string): void {
  const isOn = reactions.some((each) => each.emoji === emoji && each.mine);
  desk.client.api.messages.react(messageId, emoji, !isOn).catch(showFailure);
}

/** Different for reactions that look different. */
export function keyOf(reactions: readonly Reaction[] | undefined): string {
  return (reactions ?? []).map(({ emoji, count, mine }) => `${emoji}${count}${mine}`).join();
}
