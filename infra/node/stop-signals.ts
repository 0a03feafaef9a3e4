// Stops of replies, as their workers on this host get them from the notification bus: the subject of a reply is like a user's.
import { stopSubject } from "../../actors/reply/contract.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import type { StopSignals } from "../../workflows/reply/watch-reply.ts";

export function createStopSignals(source: NotificationSource): StopSignals {
  const handlers = new Map<string, Set<() => void>>();
  source.onNotification(({ type }, subjects) => {
    if (type !== "reply.stop") return;
    for (const subject of subjects) for (const handler of [...(handlers.get(subject) ?? [])]) handler();
  });
  return {
    listen(replyId, onStop) {
      const subject = stopSubject(replyId);
      const known = handlers.get(subject);
      if (known) known.add(onStop);
      else {
        handlers.set(subject, new Set([onStop]));
        source.addUser(subject);
      }
      return () => {
        const left = handlers.get(subject);
        if (!left?.delete(onStop) || left.size > 0) return;
        handlers.delete(subject);
        source.removeUser(subject);
      };
    },
  };
}
