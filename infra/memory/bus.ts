// The bell in process: one sink for the actors, one source per gateway. Nothing is copied: a notification goes to each
// source once, with those of its users who are there.
// B1: in the order published, after the publisher's turn (a microtask), so that a gateway never runs inside an actor.
// B2: a gateway whose handler throws disturbs nobody else, and is told that it may have missed something.
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
  miss(): void;
  /** Users of the notification in hand, gathered before it is handed over. */
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
      // A copy: a handler may come and go while it is told.
      const listeners = [...(byConversation.get(target.conversationId) ?? [])];
      if (listeners.length === 0) return;
      const made = framed(notification);
      for (const listener of listeners) hand(listener, made, []);
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
    const made = framed(notification);
    for (const listener of touched) {
      const users = listener.users;
      listener.users = [];
      hand(listener, made, users);
    }
  };
  const hand = (listener: Listener, notification: FramedNotification, users: readonly string[]): void => {
    try {
      listener.handle(notification, users);
    } catch (error) {
      onError(error);
      listener.miss(); // B2
    }
  };

  return {
    sink: {
      publish(notifications) {
        if (published.length === 0) queueMicrotask(deliverAll); // B1
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
    miss: () => {
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
