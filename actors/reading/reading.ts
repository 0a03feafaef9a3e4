import type { Reading } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { readDifference } from "./difference.ts";
import { readEdits } from "./edits.ts";
import { findMessage, findMessages } from "./find-message.ts";
import { readContext, readHistory } from "./history.ts";
import { createHeadReader } from "./known-heads.ts";
import { readPins } from "./pins.ts";
import { findPlace } from "./place.ts";
import { readPresent } from "./present.ts";
import { searchMessages } from "./search.ts";
import { findSession, listSessions } from "./sessions.ts";
import { sync } from "./sync.ts";
import { countUnread, countUnreadTotal } from "./unread-now.ts";
import { openSharedView, openView } from "./view.ts";

/**
 * The read side, at the caller's host. A turn of the conversation answers what the viewer may see and the records that the
 * views do not hold yet; the rows are read after that turn, outside any mailbox (J7).
 */
export function createReading(deps: ReadingDeps): Reading {
  const readHeads = createHeadReader(deps);
  return {
    history: (input) => readHistory(deps, input),
    context: (input) => readContext(deps, input),
    edits: (input) => readEdits(deps, input),
    pins: (input) => readPins(deps, input),
    place: (input) => findPlace(deps, input),
    findMessage: (input) => findMessage(deps, input),
    findMessages: (input) => findMessages(deps, input),
    sessions: (input) => listSessions(deps, readHeads, input),
    session: (input) => findSession(deps, readHeads, input),
    unread: (input) => countUnread(deps, readHeads, input),
    unreadTotal: ({ userId }) => countUnreadTotal(deps, readHeads, userId),
    sync: (input) => sync(deps, readHeads, input),
    search: (input) => searchMessages(deps, readHeads, input),
    present: ({ userId }) => readPresent(deps, readHeads, userId),
    async difference({ userId, conversationId, fromVersion, maxMessages, asEveryMember }) {
      const view = asEveryMember
        ? await openSharedView(deps, userId, conversationId)
        : await openView(deps, userId, conversationId);
      const max = Math.max(1, maxMessages);
      const bounds = { maxMessages: max, maxMissed: max, maxNewest: max, everyChange: true };
      const { difference, isComplete } = await readDifference(deps, view, fromVersion, bounds);
      if (isComplete) return difference;
      // A gateway needs the whole difference, and there are too many changes: the newest messages replace it.
      return (await readDifference(deps, view, 0, bounds)).difference;
    },
  };
}
