// The notifications of users, for whoever watches one of them at this gateway: sockets of the surfaces and streamed answers.
import type { UserId } from "../../actors/shared/ids.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import type { NotificationSource } from "../ports.ts";

export interface Watcher {
  notified(notification: FramedNotification): void;
  /** Notifications may have been lost. */
  missed(): void;
}

export interface UserFeed {
  /** Ends by the function that it answers. */
  watch(userId: UserId, watcher: Watcher): () => void;
}

type Source = Pick<NotificationSource, "onNotification" | "onGap" | "addUser" | "removeUser">;

export function createUserFeed(source: Source): UserFeed {
  const watchers = new Map<UserId, Set<Watcher>>();
  source.onNotification((notification, users) => {
    for (const userId of users) {
      // A copy, because a watcher may leave.
      for (const watcher of [...(watchers.get(userId) ?? [])]) watcher.notified(notification);
    }
  });
  source.onGap(() => {
    for (const own of [...watchers.values()]) for (const watcher of [...own]) watcher.missed();
  });
  return {
    watch(userId, watcher) {
      const own = watchers.get(userId) ?? new Set();
      if (own.size === 0) {
        watchers.set(userId, own);
        source.addUser(userId);
      }
      own.add(watcher);
      return () => {
        if (!own.delete(watcher) || own.size > 0) return;
        watchers.delete(userId);
        source.removeUser(userId);
      };
    },
  };
}
