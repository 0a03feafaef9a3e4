// The notification bus of a host that runs both actors and sockets: a notification of its own actors reaches its own sockets
// in memory, and the other hosts over NATS. Over NATS a delivery costs about 5 µs more CPU (encode, receive, decode). The
// connection to NATS must not echo; otherwise each notification of this host would be delivered twice. The order per
// publisher holds, because notifications of this host come only from memory and those of other hosts only over NATS.
import type { NotificationSink } from "../../actors/runtime/ports.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import { createMemoryBus } from "../memory/bus.ts";

export function createLocalFirstBus(deps: {
  sink: NotificationSink;
  createSource(): NotificationSource;
  onError(error: unknown): void;
}): { sink: NotificationSink; createSource(): NotificationSource } {
  const local = createMemoryBus({ onError: deps.onError });
  return {
    sink: {
      publish(notifications) {
        deps.sink.publish(notifications);
        local.sink.publish(notifications);
      },
      async flush() {
        await Promise.all([deps.sink.flush(), local.sink.flush()]);
      },
    },
    createSource() {
      const remote = deps.createSource();
      const own = local.createSource();
      return {
        onNotification(handler) {
          own.onNotification(handler);
          remote.onNotification(handler);
        },
        onGap(handler) {
          own.onGap(handler);
          remote.onGap(handler);
        },
        addUser(userId) {
          own.addUser(userId);
          remote.addUser(userId);
        },
        removeUser(userId) {
          own.removeUser(userId);
          remote.removeUser(userId);
        },
        async addConversation(conversationId) {
          await Promise.all([own.addConversation(conversationId), remote.addConversation(conversationId)]);
        },
        removeConversation(conversationId) {
          own.removeConversation(conversationId);
          remote.removeConversation(conversationId);
        },
      };
    },
  };
}
