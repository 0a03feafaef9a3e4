// The outputs of a shard's turns: replies, notifications, and the rows decided beside a record. They leave when the log
// shows the commit that they wait for as ours (log/outputs).
import type { Notification } from "../../shared/notification.ts";
import type { ActiveActor, TurnOutcome } from "../actor/actor-shard.ts";
import { dueMsOf, dueRow, type EffectReporter, notificationsOf, tryEffect } from "../actor/record-effects.ts";
import { snapshotRow } from "../actor/snapshot.ts";
import { type Answer, notOwner } from "../calls/replies.ts";
import type { Reply } from "../invocation.ts";
import type { Address } from "../kinds.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { DecidedRecord } from "../log/decided-record.ts";
import type { ShardLog } from "../log/shard-log.ts";
import type { Clock, NotificationSink, Row } from "../ports.ts";
import type { ShardRules } from "./shard-rules.ts";

interface OutputsDeps extends EffectReporter {
  readonly log: ShardLog;
  readonly clock: Clock;
  readonly limits: RuntimeLimits;
  readonly rules: Pick<ShardRules, "writeSnapshot">;
  readonly sink: NotificationSink;
  readonly lease: { isHeld(): boolean };
  addRows(rows: readonly Row[]): void;
  scheduleDue(address: Address, dueMs: number): void;
  /** A record was decided: it is to be flushed at the end of this tick. */
  scheduleFlush(): void;
}

export class Outputs {
  #deps: OutputsDeps;

  constructor(deps: OutputsDeps) {
    this.#deps = deps;
  }

  /** A reply of a turn that decided nothing. It may rest on undecided state, and on our owning the shard (J5). */
  gateReply(answer: Answer, reply: Reply, notifications: readonly Notification[] = []): void {
    const { log, lease } = this.#deps;
    log.gate((isCommitted) => {
      if (!isCommitted || !log.isOwned || !lease.isHeld()) {
        answer({ kind: "failed", error: "not_owner", message: `Shard ${log.index} moved` });
        return;
      }
      this.publish(notifications);
      answer(reply);
    });
  }

  /** A turn decided this record. Throws when the behaviour does: then nothing was decided. */
  decided(actor: ActiveActor, decided: DecidedRecord, outcome: TurnOutcome): void {
    // Everything in which the behaviour may throw comes first.
    const { behaviour, folded } = actor;
    const state = folded?.state;
    if (behaviour.head && decided.record.events.length > 0) decided.head = behaviour.head(state);
    const notifications = notificationsOf(behaviour, state, decided.record, outcome.notifications);
    const dueMs = dueMsOf(behaviour, state);
    this.#addRows(actor, decided, dueMs);
    actor.undecided += 1;
    if (outcome.settles) decided.unconfirmed = decided.record.outbox?.length ?? 0;
    this.#deps.log.decide(decided, (isCommitted) => {
      actor.undecided -= 1;
      if (!isCommitted) {
        outcome.answer(notOwner(actor.address));
        return;
      }
      this.publish(notifications);
      this.#releaseReply(decided, () => outcome.answer({ kind: "ok", value: outcome.value }));
    });
    this.#deps.scheduleFlush();
  }

  /** A notification bus that throws must not keep the reply from its caller. */
  publish(notifications: readonly Notification[]): void {
    if (notifications.length === 0) return;
    try {
      this.#deps.sink.publish(notifications);
    } catch (cause) {
      this.#deps.stats.effectsLeftOut += notifications.length;
      this.#deps.reportError(`shard ${this.#deps.log.index}: ${notifications[0]?.type} cannot be published`, cause);
    }
  }

  /** At once, or when the outbox is confirmed, `settleMsMax` later at the latest: the change stands in any case. */
  #releaseReply(decided: DecidedRecord, release: () => void): void {
    if (!decided.unconfirmed) {
      release();
      return;
    }
    const cancel = this.#deps.clock.after(this.#deps.limits.settleMsMax, () => {
      decided.onConfirmed = undefined;
      release();
    });
    decided.onConfirmed = () => {
      cancel();
      release();
    };
  }

  #addRows(actor: ActiveActor, decided: DecidedRecord, dueMs: number): void {
    const { limits, rules, stats, log, addRows, scheduleDue } = this.#deps;
    const rows: Row[] = [];
    const { record } = decided;
    const snapshot = tryEffect(this.#deps, record, "snapshot", () => snapshotRow(actor, decided, limits));
    if (snapshot) {
      stats.snapshots += 1;
      rules.writeSnapshot(snapshot, { withRecord: (row) => rows.push(row), atOnce: (row) => addRows([row]) });
    }
    if (dueMs !== actor.dueMs) {
      actor.dueMs = dueMs;
      rows.push(dueRow(log.index, actor.address, dueMs, record.stamp));
      if (dueMs > 0) scheduleDue(actor.address, dueMs);
    }
    if (rows.length > 0) decided.extraRows = rows;
  }
}
