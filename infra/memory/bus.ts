// The bell within one process: the notification itself is handed over, nothing is encoded or copied.
import type { NotificationSink } from "../../actors/runtime/ports.ts";
import type { Notification } from "../../actors/shared/notification.ts";
import type { NotificationSource } from "../../gateway/ports.ts";

export interface MemoryBus {
  readonly sink: NotificationSink;
  /** One per gateway. */
  createSource(): NotificationSource;
}

type Handler = (notification: Notification, users: readonly string[]) => void;
const nobody: readonly string[] = [];

export function createMemoryBus(): MemoryBus {
  const sources: Source[] = [];
  return {
    sink: {
      publish(notifications) {
        for (const notification of notifications) for (const source of sources) source.offer(notification);
      },
      async flush() {},
    },
    createSource() {
      const source = new Source();
      sources.push(source);
      return source;
    },
  };
}

class Source implements NotificationSource {
  #users = new Set<string>();
  #conversations = new Set<string>();
  #handler: Handler | undefined;

  offer(notification: Notification): void {
    if (!this.#handler) return;
    const { target } = notification;
    if ("conversationId" in target) {
      if (this.#conversations.has(target.conversationId)) this.#handler(notification, nobody);
      return;
    }
    const here = target.users.filter((userId) => this.#users.has(userId));
    if (here.length > 0) this.#handler(notification, here);
  }

  onNotification(handler: Handler): void {
    this.#handler = handler;
  }
  /** Nothing is missed within one process. */
  onGap(): void {}
  addUser(userId: string): void {
    this.#users.add(userId);
  }
  removeUser(userId: string): void {
    this.#users.delete(userId);
  }
  async addConversation(conversationId: string): Promise<void> {
    this.#conversations.add(conversationId);
  }
  removeConversation(conversationId: string): void {
    this.#conversations.delete(conversationId);
  }
}
