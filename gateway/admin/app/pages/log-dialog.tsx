import { Notice } from "../../../browser/kit/notice.tsx";
import { t } from "../base/prefs.ts";
import { count, duration, money, time } from "../base/shown.ts";
import type { Names } from "../data/names.ts";
import type { LogRow } from "../data/shapes.ts";
import { Dialog } from "../ui/dialog.tsx";
import { accountOf, keyOf, StatusBadge } from "./log-table.tsx";

interface LogDialogProps {
  row: LogRow;
  names: Names;
  onClose: () => void;
}

/** Everything that the log knows of one request. */
export function LogDialog({ row, names, onClose }: LogDialogProps) {
  const facts = [
    [t("logs.time"), time(row.created_at)],
    [t("logs.status"), <StatusBadge key="status" row={row} />],
    [t("logs.detail.reason"), row.reason],
    [t("logs.model"), row.model],
    [t("logs.endpoint"), row.endpoint],
    [t("logs.key"), keyOf(row, names)],
    [t("logs.account"), accountOf(row, names)],
    [t("logs.detail.provider"), row.provider ?? "–"],
    [t("logs.detail.user"), row.user_id],
    [t("logs.latency"), duration(row.latency_ms)],
    [t("logs.detail.first"), row.first_byte_ms === null ? "–" : duration(row.first_byte_ms)],
    [t("logs.detail.attempts"), count(row.attempts)],
    [t("logs.detail.prompt"), count(row.prompt_tokens)],
    [t("logs.detail.completion"), count(row.completion_tokens)],
    [t("logs.cost"), row.unpriced ? t("logs.detail.unpriced") : money(row.cost)],
    ...(row.lost_cost > 0 ? [[t("logs.detail.lost"), money(row.lost_cost)] as const] : []),
    [t("logs.detail.request"), <code key="id">{row.request_id}</code>],
  ] as const;
  return (
    <Dialog title={t("logs.detail.title", { id: row.id })} onClose={onClose} isWide>
      <div class="dialog-body">
        {row.error_message !== null && <Notice kind="error">{row.error_message}</Notice>}
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {row.estimated && <p class="hint">{t("logs.detail.estimated")}</p>}
      </div>
    </Dialog>
  );
}
