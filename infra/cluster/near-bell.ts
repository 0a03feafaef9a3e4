// The bell of a host that has actors and sockets: what its own actors tell reaches its own sockets in memory.
// N1: the connection to NATS must not echo: else every notification of this host would come back and be told twice.
// N2: order per publisher holds: what this host tells comes only this way, what others tell only over NATS.
import type { NotificationSink } from "../../actors/runtime/ports.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import { createMemoryBus } from "../memory/bus.ts";

export function createNearBell(deps: {
  sink: NotificationSink;
  createSource(): NotificationSource;
  onError(error: unknown): void;
}): { sink: NotificationSink; createSource(): NotificationSource } {
  const near = createMemoryBus({ onError: deps.onError });
  return {
    sink: {
      publish(notifications) {
        deps.sink.publish(notifications);
        near.sink.publish(notifications);
      },
      async flush() {
        await Promise.all([deps.sink.flush(), near.sink.flush()]);
      },
    },
    createSource() {
      const far = deps.createSource();
      const own = near.createSource();
      return {
        onNotification(handler) {
          own.onNotification(handler);
          far.onNotification(handler);
        },
        onGap(handler) {
          own.onGap(handler);
          far.onGap(handler);
        },
        addUser(userId) {
          own.addUser(userId);
          far.addUser(userId);
        },
        removeUser(userId) {
          own.removeUser(userId);
          far.removeUser(userId);
        },
        async addConversation(conversationId) {
          await Promise.all([own.addConversation(conversationId), far.addConversation(conversationId)]);
        },
        removeConversation(conversationId) {
          own.removeConversation(conversationId);
          far.removeConversation(conversationId);
        },
      };
    },
  };
}
