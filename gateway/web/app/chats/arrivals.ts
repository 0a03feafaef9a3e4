// Shows new messages while the user does not look at the page: the count in the title, and a notification of the browser.
import { useEffect } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { go } from "../base/route.ts";
import { useSource } from "../base/use-source.ts";
import { showNotification } from "../device/notifications.ts";
import type { Desk } from "../model/desk.ts";
import { lineOf } from "../model/preview.ts";
import { titleOf } from "../model/titles.ts";
import { kindText } from "./kind-text.ts";

export function useArrivals(desk: Desk, openId: string | undefined): void {
  const chats = useSource(desk.chats);
  const open = openId === undefined ? undefined : chats.find(openId);
  useEffect(() => {
    const count = chats.unreadTotal > 0 ? `(${chats.unreadTotal}) ` : "";
    const name = open ? `${titleOf(desk, open)} · ` : "";
    document.title = `${count}${name}${t("app.name")}`;
  });
  useEffect(() => {
    desk.onArrival = (sessionId, message) => {
      const chat = desk.chats.find(sessionId);
      const isSeen = document.visibilityState === "visible" && document.hasFocus() && sessionId === openId;
      if (!chat || chat.isMuted || isSeen || message.contentType === "system") return;
      const body = lineOf(message) || kindText(message.contentType);
      showNotification(titleOf(desk, chat), body, sessionId, () => go("chats", sessionId));
    };
  }, [desk, openId]);
}
