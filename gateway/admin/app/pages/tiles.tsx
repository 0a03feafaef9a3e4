// The sums at the top of the dashboard.
import type { ComponentChildren } from "preact";
import { t } from "../base/prefs.ts";
import { addressOf } from "../base/route.ts";
import { count, money, share, short } from "../base/shown.ts";
import type { Overview } from "../data/shapes.ts";

export function Tiles({ overview }: { overview: Overview | undefined }) {
  return (
    <ul class="tiles" aria-busy={overview === undefined}>
      <Tile title={t("dash.today")} href={addressOf("logs")}>
        {overview && [count(overview.todayRequests), t("dash.today.note", { n: count(overview.today.failed) })]}
      </Tile>
      <Tile title={t("dash.success")} href={addressOf("logs", { status: "error" })}>
        {overview && successOf(overview)}
      </Tile>
      <Tile title={t("dash.tokens")}>
        {overview && [
          short(overview.totals.total_tokens),
          t("dash.tokens.note", {
            prompt: short(overview.totals.prompt_tokens),
            completion: short(overview.totals.completion_tokens),
          }),
        ]}
      </Tile>
      <Tile title={t("dash.cost")}>
        {overview && [money(overview.totals.cost), t("dash.cost.note", { today: money(overview.today.cost) })]}
      </Tile>
      <Tile title={t("dash.keys")} href={addressOf("keys")}>
        {overview && [count(overview.activeApiKeys), t("dash.of", { n: count(overview.apiKeys) })]}
      </Tile>
      <Tile title={t("dash.accounts")} href={addressOf("tokens")}>
        {overview && [count(overview.activeTokens), t("dash.of", { n: count(overview.tokens) })]}
      </Tile>
    </ul>
  );
}

function successOf({ today, totals, successRate }: Overview): [string, string] {
  if (totals.requests === 0) return ["–", t("dash.success.nothing")];
  return [share(successRate), today.requests > 0 ? t("dash.success.today") : t("dash.success.month")];
}

interface TileProps {
  title: string;
  href?: string;
  /** The value and a note; undefined while they are loaded. */
  children: [string, string] | string[] | undefined;
}

function Tile({ title, href, children }: TileProps) {
  const [value, note] = children ?? [];
  const inside: ComponentChildren = (
    <>
      <span class="tile-title">{title}</span>
      <b class={value === undefined ? "waiting" : ""}>{value ?? "0"}</b>
      <span class="quiet">{note ?? " "}</span>
    </>
  );
  return (
    <li>
      {href === undefined ? (
        <div class="tile">{inside}</div>
      ) : (
        <a class="tile" href={href}>
          {inside}
        </a>
      )}
    </li>
  );
}
