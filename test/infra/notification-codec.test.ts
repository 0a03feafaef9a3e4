// Notifications on NATS, between hosts of different releases.
import test from "ava";
import type { Notification } from "../../actors/shared/notification.ts";
import { decodeNotification, encodeNotification } from "../../infra/nats/notification-codec.ts";

function wired(notification: Notification): { subject: string; json: Record<string, unknown>; payload: Uint8Array }[] {
  const sent: { subject: string; json: Record<string, unknown>; payload: Uint8Array }[] = [];
  encodeNotification(notification, (subject, payload) => {
    sent.push({ subject, payload, json: JSON.parse(Buffer.from(payload).toString()) });
  });
  return sent;
}

const request: Notification = {
  ...{ type: "friend.request", target: { users: ["7", "8"] }, atMs: 5, fromUserId: "9", frame: "NOTIFICATION" },
  data: { requestId: "1", userVersion: 3 },
};

/** As a newer host writes it. */
function newer(payload: Uint8Array, change: (wire: Record<string, unknown>) => void): Uint8Array {
  const wire = JSON.parse(Buffer.from(payload).toString());
  change(wire);
  return Buffer.from(JSON.stringify(wire));
}

test("the documented JSON says how to deliver, and each user has a subject", (t) => {
  const sent = wired(request);
  t.deepEqual(
    sent.map(({ subject }) => subject),
    ["notification.friend.request.7", "notification.friend.request.8"],
  );
  t.like(sent[0]?.json, {
    ...{ type: "friend.request", timestamp: 5, from_user_id: "9", to_user_id: "7", priority: "high" },
    ...{ payload: { requestId: "1" }, metadata: { ttl: 3_600, require_ack: true } },
  });
  t.is(sent[0]?.json.notification_id, sent[1]?.json.notification_id);
  t.like(decodeNotification(sent[1]!.payload), {
    notificationId: sent[0]?.json.notification_id,
    type: "friend.request",
  });
});

test("a type of a newer release is delivered when it has a version, and else does nothing", (t) => {
  const payload = wired(request)[0]!.payload;
  const listed = newer(payload, (wire) => Object.assign(wire, { type: "user.badge_changed" }));
  t.like(decodeNotification(listed), { type: "user.badge_changed", data: { userVersion: 3 } });
  const plain = newer(payload, (wire) => Object.assign(wire, { type: "user.badge_changed", payload: { a: 1 } }));
  t.is(decodeNotification(plain), "unknown");
});

test("what is no notification is malformed", (t) => {
  const payload = wired(request)[0]!.payload;
  for (const type of [undefined, 7, "", "friend", "friend.request.7", "a b.c"]) {
    t.is(decodeNotification(newer(payload, (wire) => Object.assign(wire, { type }))), undefined, String(type));
  }
  t.is(decodeNotification(Buffer.from("{")), undefined);
});
