// The end of a request: its row, and the sums after it.
import { noUsage, type Usage } from "../llm/usage.ts";
import { cutText } from "../shared/cut-text.ts";
import type { UserId } from "../shared/ids.ts";
import { pricesOf } from "./admit.ts";
import { bill } from "./billing.ts";
import type { Settle } from "./contract.ts";
import type { AccountEvent } from "./events.ts";
import { maxAttemptsKept, maxErrorChars, maxNameChars } from "./limits.ts";
import type { Turnover } from "./periods.ts";
import { costOf, type Price } from "./price.ts";
import type { RequestRow } from "./rows.ts";
import type { AccountState, OpenHold } from "./state.ts";
import { applyCell, type Cells, countIn, dayMs, hourMs } from "./totals.ts";

/** `id`: a stamp of the turn. */
export function rowOf(hold: OpenHold, input: Settle, { id, userId, nowMs }: RowMeta): RequestRow {
  const { billed, lost } = bill(input.delivered, checked(input.usage));
  const attempts = input.attempts.slice(-maxAttemptsKept);
  const last = attempts.at(-1);
  const price = priceNamed(hold, input.price);
  let lostCost = costOf(lost, price);
  for (const attempt of attempts.slice(0, -1)) {
    if (attempt.lost) lostCost += costOf(checked(attempt.lost), priceNamed(hold, attempt.price));
  }
  return {
    ...{ id, userId, atMs: nowMs, requestId: input.requestId },
    ...(hold.payer.keyId !== undefined && { keyId: hold.payer.keyId }),
    ...(last?.credentialId !== undefined && { credentialId: last.credentialId }),
    ...(last && { provider: last.provider }),
    ...(hold.conversationId !== undefined && { conversationId: hold.conversationId }),
    ...{ model: cutText(hold.model, maxNameChars), surface: hold.surface, endpoint: hold.endpoint },
    ...{ status: input.status, reason: input.reason },
    ...(input.error !== undefined && { error: cutText(input.error, maxErrorChars) }),
    ...{ usage: billed, cost: costOf(billed, price) },
    ...(price && { price: price.name }),
    ...(lostCost > 0 && { lostCost }),
    attempts,
    ...(input.firstByteMs !== undefined && { firstByteMs: input.firstByteMs }),
    ms: input.ms,
  };
}

function priceNamed(hold: OpenHold, name: string | null | undefined): Price | undefined {
  return name === undefined ? hold.price : pricesOf(hold).find((price) => price.name === name);
}

interface RowMeta {
  id: number;
  userId: UserId;
  nowMs: number;
}

/** The row of a request whose process died: what the request used is unknown, so its payer is not billed. */
export function lostRowOf(hold: OpenHold, requestId: string, meta: RowMeta): RequestRow {
  const ms = Math.max(0, meta.nowMs - hold.atMs);
  const end = { usage: noUsage, delivered: "nothing", reason: "host_lost", status: 500, attempts: [], ms } as const;
  return rowOf(hold, { requestId, ...end }, meta);
}

/** Settles of one turn count on top of each other, although the state stays as it was when the turn began. */
export class Settling {
  readonly #hours: Cells;
  readonly #days: Cells;
  #turnover: Turnover | undefined;

  constructor({ hours, days }: Pick<AccountState, "hours" | "days">, turnover: Turnover | undefined) {
    this.#hours = { period: hours.period, cells: new Map(hours.cells) };
    this.#days = { period: days.period, cells: new Map(days.cells) };
    this.#turnover = turnover;
  }

  settled(row: RequestRow): Extract<AccountEvent, { type: "settled" }> {
    const event = settledEvent({ hours: this.#hours, days: this.#days }, row, this.#turnover);
    applyCell(this.#hours, event.hour);
    applyCell(this.#days, event.day);
    this.#turnover = undefined;
    return event;
  }
}

export function settledEvent(
  { hours, days }: Pick<AccountState, "hours" | "days">,
  row: RequestRow,
  turnover: Turnover | undefined,
): Extract<AccountEvent, { type: "settled" }> {
  const hour = countIn(hours, row, hourMs);
  const day = countIn(days, row, dayMs);
  return { type: "settled", row, hour, day, ...(turnover && { turnover }) };
}

/** Numbers of an upstream that are none count as zero: a sum must stay a whole number that rises. */
function checked(usage: Usage): Usage {
  for (const name of countNames) if (usage[name] !== undefined && !isCount(usage[name])) return mended(usage);
  return usage;
}

const countNames = [
  "inputTokens",
  "cachedInputTokens",
  "cacheWriteTokens",
  "audioInputTokens",
  "outputTokens",
  "audioOutputTokens",
  "reasoningTokens",
  "images",
] as const satisfies readonly (keyof Usage)[];

/** No request has more: beyond it the number is an upstream's mistake. */
const maxCount = 1_000_000_000;

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maxCount;
}

function mended(usage: Usage): Usage {
  const counts = countNames.flatMap((name) => {
    const value = usage[name];
    if (value === undefined) return [];
    return [[name, Number.isFinite(value) && value > 0 ? Math.min(Math.floor(value), maxCount) : 0] as const];
  });
  return { ...usage, ...Object.fromEntries(counts) };
}
