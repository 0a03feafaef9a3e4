// Each event of the services: whose devices get it, and whose do not.
import test from "ava";
import { EventCast, eventStepsEnv, runEventSteps } from "../support/event-steps.ts";
import { startTestNode } from "../support/start-node.ts";
import type { TestFrame } from "../support/test-device.ts";

/** Frames with a type of their own stand for the notification that they carry. */
const carriers: Readonly<Record<string, string>> = {
  NEW_MESSAGE: "message.new",
  MESSAGE_RECALLED: "message.recalled",
  MESSAGE_READ: "message.read_receipt",
  USER_TYPING: "message.typing",
  USER_ONLINE: "user.status_changed",
  USER_OFFLINE: "user.status_changed",
  FORCE_LOGOUT: "auth.force_logout",
};
const eventOf = ({ type, data }: TestFrame) => (type === "NOTIFICATION" ? String(data.type) : carriers[type]);

test("each event reaches exactly the users whom it concerns", async (t) => {
  await using node = await startTestNode({ env: eventStepsEnv });
  const cast = await EventCast.starts({ ana: node, bo: node, cy: node, eve: node });
  const { people } = cast;
  await runEventSteps(t, cast.steps(), {
    countOf: (name, event, fits) =>
      people[name].device.frames.filter((frame) => eventOf(frame) === event && fits(frame.data)).length,
    expects: ({ devices }) => devices,
    quietMs: 50,
  });
});
