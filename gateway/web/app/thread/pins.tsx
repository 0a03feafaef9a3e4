// The messages that are pinned in a conversation: the newest above the thread, all of them in a list.
import { useEffect, useState } from "preact/hooks";
import type { PinnedMessage } from "../../../client/api/objects.ts";
import { t } from "../base/prefs.ts";
import { kindText } from "../chats/kind-text.ts";
import type { Desk } from "../model/desk.ts";
import { textIn } from "../model/preview.ts";
import { IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";

interface PinsProps {
  desk: Desk;
  sessionId: string;
  onJump: (messageId: string) => void;
}

export function Pins({ desk, sessionId, onJump }: PinsProps) {
  const pins = usePins(desk, sessionId);
  const [isOpen, setOpen] = useState(false);
  const [newest] = pins;
  if (!newest) return null;
  const jump = (messageId: string) => {
    setOpen(false);
    onJump(messageId);
  };
  return (
    <div class="pins" data-testid="pins">
      <Icon name="pin" isSmall />
      <button type="button" onClick={() => jump(newest.messageId)}>
        <b>{newest.senderName}</b> {lineOf(newest)}
      </button>
      {pins.length > 1 && (
        <IconButton icon="down" label={t("message.pins", { n: pins.length })} onClick={() => setOpen(true)} />
      )}
      {isOpen && (
        <Dialog title={t("message.pins", { n: pins.length })} onClose={() => setOpen(false)}>
          <ul class="choices dialog-body">
            {pins.map((pin) => (
              <li key={pin.messageId}>
                <button type="button" onClick={() => jump(pin.messageId)}>
                  <span>
                    <b>{pin.senderName}</b>
                    <small>{lineOf(pin)}</small>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </div>
  );
}

function usePins(desk: Desk, sessionId: string): readonly PinnedMessage[] {
  const [pins, setPins] = useState<readonly PinnedMessage[]>([]);
  useEffect(() => {
    let isWanted = true;
    const load = () => {
      desk.client.api.sessions.pins(sessionId).then(
        (loaded) => isWanted && setPins(loaded),
        () => {}, // The thread itself says what is wrong.
      );
    };
    load();
    const stop = desk.client.on("changed", ({ id }, { type }) => {
      if (id === sessionId && (type === "pinned" || type === "recalled")) load();
    });
    return () => {
      isWanted = false;
      stop();
    };
  }, [sessionId]);
  return pins;
}

function lineOf({ content, contentType }: PinnedMessage): string {
  return textIn(content) || kindText(contentType);
}
