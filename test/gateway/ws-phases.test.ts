// The states of a listener and of a connection, as tables: each row is one event in one state.
import test from "ava";
import { transition as nextPhase, type Phase, type PhaseEvent } from "../../gateway/ws/delivery/phase.ts";
import {
  type ConnectionEvent,
  type ConnectionState,
  transition as nextState,
} from "../../gateway/ws/socket/connection-state.ts";

const phases = {
  syncing: { kind: "syncing", position: 3, recheck: false },
  syncingWithRecheck: { kind: "syncing", position: 3, recheck: true },
  behind: { kind: "behind", position: 3 },
  checking: { kind: "checking", position: 3 },
  pulling: { kind: "pulling", position: 3, confirms: false, recheck: false },
  confirming: { kind: "pulling", position: 3, confirms: true, recheck: false },
  pullingWithRecheck: { kind: "pulling", position: 3, confirms: false, recheck: true },
  paused: { kind: "paused", position: 3, pausedAt: 5, liveFrom: 1 },
  live: { kind: "live", liveFrom: 1 },
} as const satisfies Record<string, Phase>;

const events = {
  synced: { type: "synced" },
  moved: { type: "moved", position: 4 },
  recheck: { type: "recheck", position: 7 },
  asked: { type: "asked", position: 7 },
  pull_started: { type: "pull_started" },
  pull_answered: { type: "pull_answered" },
  pull_failed: { type: "pull_failed" },
  paused: { type: "paused", position: 6, pausedAt: 7 },
  caught_up: { type: "caught_up", version: 7 },
} as const satisfies { [T in PhaseEvent["type"]]: Extract<PhaseEvent, { type: T }> };

/** Every change; an event that is not named here leaves the phase as it is. */
const changes: Record<keyof typeof phases, Partial<Record<PhaseEvent["type"], Phase>>> = {
  syncing: {
    synced: phases.behind,
    moved: { ...phases.syncing, position: 4 },
    recheck: phases.syncingWithRecheck,
  },
  syncingWithRecheck: { synced: phases.checking, moved: { ...phases.syncingWithRecheck, position: 4 } },
  behind: {
    moved: { kind: "behind", position: 4 },
    recheck: phases.checking,
    pull_started: phases.pulling,
    caught_up: { kind: "live", liveFrom: 7 },
  },
  checking: {
    moved: { kind: "checking", position: 4 },
    asked: phases.behind,
    pull_started: phases.confirming,
  },
  pulling: {
    moved: { ...phases.pulling, position: 4 },
    recheck: phases.pullingWithRecheck,
    pull_answered: phases.behind,
    pull_failed: phases.behind,
  },
  confirming: {
    moved: { ...phases.confirming, position: 4 },
    recheck: { ...phases.confirming, recheck: true },
    pull_answered: phases.behind,
    pull_failed: phases.checking,
  },
  pullingWithRecheck: {
    moved: { ...phases.pullingWithRecheck, position: 4 },
    pull_answered: phases.checking,
    pull_failed: phases.checking,
  },
  paused: {
    moved: { ...phases.paused, position: 4 },
    recheck: phases.checking,
    asked: phases.behind,
    pull_started: phases.pulling,
    caught_up: phases.live,
  },
  live: {
    recheck: { kind: "checking", position: 7 },
    asked: { kind: "behind", position: 7 },
    paused: { kind: "paused", position: 6, pausedAt: 7, liveFrom: 1 },
  },
};

test("a listener that must be rechecked gets nothing before a pull or the conversation has confirmed it", (t) => {
  for (const [name, phase] of Object.entries(phases)) {
    for (const event of Object.values(events)) {
      const expected = changes[name as keyof typeof phases][event.type] ?? phase;
      t.deepEqual(nextPhase(phase, event), expected, `${name}: ${event.type}`);
    }
  }
});

const caller = { userId: "1", deviceId: "d", deviceType: "Web", loginId: "l", expiresAtMs: 1 } as const;
const states = {
  connecting: { kind: "connecting", sinceMs: 0, claim: {} },
  unknown: { kind: "authenticating", caller: undefined },
  authenticating: { kind: "authenticating", caller },
  syncing: { kind: "syncing", caller },
  open: { kind: "open", caller },
  closing: { kind: "closing", caller },
} as const satisfies Record<string, ConnectionState>;
const renewed = { ...caller, expiresAtMs: 2 };
const steps: Record<keyof typeof states, Partial<Record<ConnectionEvent["type"], ConnectionState>>> = {
  connecting: { token_came: states.unknown, closed: { kind: "closing", caller: undefined } },
  unknown: { token_read: states.authenticating, closed: { kind: "closing", caller: undefined } },
  authenticating: { token_read: states.authenticating, acknowledged: states.syncing, closed: states.closing },
  syncing: { caught_up: states.open, token_renewed: { kind: "syncing", caller: renewed }, closed: states.closing },
  open: { token_renewed: { kind: "open", caller: renewed }, closed: states.closing },
  closing: { closed: states.closing },
};

test("a connection is served only after its caller is known, and a closing one stays closing", (t) => {
  const all: ConnectionEvent[] = [
    { type: "token_came" },
    { type: "token_read", caller },
    { type: "acknowledged" },
    { type: "caught_up" },
    { type: "token_renewed", expiresAtMs: 2 },
    { type: "closed" },
  ];
  for (const [name, state] of Object.entries(states)) {
    for (const event of all) {
      const expected = steps[name as keyof typeof states][event.type] ?? state;
      t.deepEqual(nextState(state, event), expected, `${name}: ${event.type}`);
    }
  }
});
