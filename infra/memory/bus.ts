// The notification bus of one process: one sink for the actors, one source per gateway. A source gets each notification once,
// together with those of its users that the source has added; nothing is copied.
//
// Notifications are delivered in the order in which they were published, and in a microtask after the publisher's turn, so that
// no gateway runs inside an actor. When the handler of a gateway throws, the other gateways still get the notification, and
// that gateway gets a gap, because it may have missed something.
import type { NotificationSink } from "../../actors/runtime/ports.ts";
import type { FramedNotification, Notification } from "../../actors/shared/notification.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import { framed } from "../../gateway/wire/notification.ts";

interface MemoryBus {
  readonly sink: NotificationSink;
  createSource(): NotificationSource & { close(): void };
}

interface Listener {
  handle(notification: FramedNotification, users: readonly string[]): void;
  reportGap(): void;
  /** The listener's users among the targets of the notification that is being delivered. */
  users: string[];
}

/** Without `onError` a handler's error is thrown for the process to report. */
export function createMemoryBus({ onError = throwLater }: { onError?(error: unknown): void } = {}): MemoryBus {
  const byUser = new Map<string, Set<Listener>>();
  const byConversation = new Map<string, Set<Listener>>();
  let published: Notification[] = [];
  let isDelivering = false;

  const deliverAll = (): void => {
    if (isDelivering) return;
    isDelivering = true;
    while (published.length > 0) {
      const batch = published;
      published = [];
      for (const notification of batch) deliver(notification);
    }
    isDelivering = false;
  };
  const deliver = (notification: Notification): void => {
    const { target } = notification;
    if ("conversationId" in target) {
      // A copy, because a handler may add and remove listeners.
      const listeners = [...(byConversation.get(target.conversationId) ?? [])];
      if (listeners.length === 0) return;
      const withFrame = framed(notification);
      for (const listener of listeners) handOver(listener, withFrame, []);
      return;
    }
    const touched: Listener[] = [];
    for (const user of target.users) {
      for (const listener of byUser.get(user) ?? []) {
        if (listener.users.length === 0) touched.push(listener);
        listener.users.push(user);
      }
    }
    if (touched.length === 0) return;
    const withFrame = framed(notification);
    for (const listener of touched) {
      const users = listener.users;
      listener.users = [];
      handOver(listener, withFrame, users);
    }
  };
  const handOver = (listener: Listener, notification: FramedNotification, users: readonly string[]): void => {
    try {
      listener.handle(notification, users);
    } catch (error) {
      onError(error);
      listener.reportGap();
    }
  };

  return {
    sink: {
      publish(notifications) {
        if (published.length === 0) queueMicrotask(deliverAll);
        for (const notification of notifications) published.push(notification);
      },
      async flush() {
        deliverAll();
      },
    },
    createSource: () => createSource(byUser, byConversation),
  };
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

function createSource(
  byUser: Map<string, Set<Listener>>,
  byConversation: Map<string, Set<Listener>>,
): NotificationSource & { close(): void } {
  const handlers: ((notification: FramedNotification, users: readonly string[]) => void)[] = [];
  const gapHandlers: (() => void)[] = [];
  const listener: Listener = {
    handle: (notification, users) => {
      for (const handler of handlers) handler(notification, users);
    },
    reportGap: () => {
      for (const handler of gapHandlers) handler();
    },
    users: [],
  };
  return {
    onNotification: (handler) => {
      handlers.push(handler);
    },
    onGap: (handler) => {
      gapHandlers.push(handler);
    },
    addUser: (userId) => add(byUser, userId, listener),
    removeUser: (userId) => remove(byUser, userId, listener),
    async addConversation(conversationId) {
      add(byConversation, conversationId, listener);
    },
    removeConversation: (conversationId) => remove(byConversation, conversationId, listener),
    close() {
      for (const userId of byUser.keys()) remove(byUser, userId, listener);
      for (const conversationId of byConversation.keys()) remove(byConversation, conversationId, listener);
    },
  };
}

function add(index: Map<string, Set<Listener>>, key: string, listener: Listener): void {
  const listeners = index.get(key);
  if (listeners) listeners.add(listener);
  else index.set(key, new Set([listener]));
}
function remove(index: Map<string, Set<Listener>>, key: string, listener: Listener): void {
  const listeners = index.get(key);
  if (listeners?.delete(listener) && listeners.size === 0) index.delete(key);
}
