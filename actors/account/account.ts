// The account of one payer. A hold reserves the most that a request can cost; its settle replaces that by what it did cost. A request
// whose process died is settled by the account itself.
import { defineActor, type Query, type Turn } from "../runtime/contract.ts";
import { DomainError, invalidField } from "../shared/errors.ts";
import { admit, type DefaultBudget, limitOf } from "./admit.ts";
import { Account, type BudgetUse, type Held, systemAccount } from "./contract.ts";
import { type AccountEvent, applyEvent } from "./events.ts";
import { holdCheckMs, maxLostPerTurn } from "./limits.ts";
import { turnoverAt } from "./periods.ts";
import type { Calendar } from "./ports.ts";
import { projectAccount, settlesOf } from "./project.ts";
import { lostRowOf, rowOf, Settling, settledEvent } from "./settle.ts";
import { type AccountState, decodeState, encodeState, initialState, type OpenHold } from "./state.ts";

export interface AccountRules {
  calendar: Calendar;
  /** Of budgets without a time zone of their own. */
  timeZone: string;
  userBudget: DefaultBudget;
  systemBudget: DefaultBudget;
  /** Is the process of this boot known to be dead? */
  isClosed(boot: string): boolean;
  /** A request that runs longer counts as lost, whatever its process says. */
  maxRequestMs: number;
}

type AccountTurn = Turn<AccountState, AccountEvent>;

export function createAccount(rules: AccountRules) {
  const { calendar } = rules;
  const defaultsOf = (key: string) => (key === systemAccount ? rules.systemBudget : rules.userBudget);
  const turnoverOf = ({ state, nowMs }: Pick<AccountTurn, "state" | "nowMs">) => turnoverAt(state, nowMs, rules);

  return defineActor(Account, {
    initial: initialState,
    apply: applyEvent,

    commands: {
      hold(turn, input) {
        const { state, nowMs } = turn;
        const { requestId, boot } = input;
        const open = state.holds.get(requestId);
        if (open) {
          if (open.boot !== boot) turn.emit({ type: "moved", requestId, boot });
          return heldOf(open);
        }
        const settled = state.settled.get(requestId);
        if (settled && !settled.isLost) throw new DomainError("common.conflict");
        const turnover = turnoverOf(turn);
        const hold = admit(input, { state, defaults: defaultsOf(turn.key), turnover, nowMs });
        turn.emit({
          ...{ type: "held", requestId, hold },
          ...(turnover && { turnover }),
          ...(state.checkAtMs === undefined && { checkAtMs: nowMs + holdCheckMs }),
        });
        return heldOf(hold);
      },

      release(turn, { requestId }) {
        if (turn.state.holds.has(requestId)) turn.emit({ type: "released", requestId });
        return null;
      },

      settle(turn, input) {
        const { state, nowMs, key } = turn;
        const hold = state.holds.get(input.requestId);
        if (!hold) return { cost: state.settled.get(input.requestId)?.cost ?? 0 };
        const row = rowOf(hold, input, { id: turn.stamp(), userId: key, nowMs });
        turn.emit(settledEvent(state, row, turnoverOf(turn)));
        return { cost: row.cost };
      },

      setBudget(turn, budget) {
        const { timeZone = rules.timeZone, dayLimit, monthLimit } = budget;
        if (!calendar.isZone(timeZone)) throw invalidField("timeZone", "the name of a time zone");
        for (const [name, limit] of Object.entries({ dayLimit, monthLimit })) {
          const isLimit = limit === undefined || limit === "unlimited" || (Number.isSafeInteger(limit) && limit >= 0);
          if (!isLimit) throw invalidField(name, "a whole number, 0 or more");
        }
        turn.emit({ type: "budgetSet", budget, ends: calendar.endsOf(timeZone, turn.nowMs) });
        return null;
      },
    },

    queries: {
      budget: (query) => budgetOf(query, rules, defaultsOf(query.key)),
      recent(query) {
        const settles = settlesOf(query.tail());
        return { rows: settles.map(({ row }) => row), days: settles.map(({ day }) => day) };
      },
      keyUse: ({ state }) => ({
        keys: Object.fromEntries(
          [...state.keys].map(([keyId, { requests, tokens, lastUsedAtMs }]) => [
            keyId,
            { requests, tokens, lastUsedAtMs },
          ]),
        ),
      }),
    },

    project: projectAccount,

    due: ({ checkAtMs }) => checkAtMs,
    onDue: (turn: AccountTurn) => settleLost(turn, rules),

    encode: encodeState,
    decode: decodeState,
    selfIdempotent: ["hold", "release", "settle"],
  });
}

/** Settles requests whose processes died. While requests run, the account looks again. */
function settleLost(turn: AccountTurn, rules: AccountRules): void {
  const { state, nowMs, key } = turn;
  const isLost = ({ boot, atMs }: OpenHold) => rules.isClosed(boot) || nowMs >= atMs + rules.maxRequestMs;
  const lost = [...state.holds].filter(([, hold]) => isLost(hold));
  const settling = new Settling(state, turnoverAt(state, nowMs, rules));
  for (const [requestId, hold] of lost.slice(0, maxLostPerTurn)) {
    turn.emit(settling.settled(lostRowOf(hold, requestId, { id: turn.stamp(), userId: key, nowMs })));
  }
  if (lost.length > maxLostPerTurn) return; // still due: the turn runs again
  const isOver = state.holds.size === lost.length;
  turn.emit({ type: "checked", ...(!isOver && { checkAtMs: nowMs + holdCheckMs }) });
}

function heldOf({ amount, maxOutputTokens }: OpenHold): Held {
  return { amount, ...(maxOutputTokens !== undefined && { maxOutputTokens }) };
}

function budgetOf({ state, nowMs }: Query<AccountState>, rules: AccountRules, defaults: DefaultBudget) {
  const turnover = turnoverAt(state, nowMs, rules);
  const ends = turnover?.ends ?? state.ends!;
  const use = (used: bigint, limit: number | undefined, resetsAtMs: number): BudgetUse => ({
    ...{ used: Number(used), held: Number(state.held), resetsAtMs },
    ...(limit !== undefined && { limit }),
  });
  const { budget, usedDay, usedMonth } = state;
  return {
    day: use(turnover ? 0n : usedDay, limitOf(budget.dayLimit, defaults.dayLimit), ends.dayEndsAtMs),
    month: use(
      turnover?.isNewMonth ? 0n : usedMonth,
      limitOf(budget.monthLimit, defaults.monthLimit),
      ends.monthEndsAtMs,
    ),
    timeZone: budget.timeZone ?? rules.timeZone,
    openHolds: state.holds.size,
  };
}
