import { useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { t } from "../base/prefs.ts";
import { ago, time } from "../base/shown.ts";
import { ApiError, ask, codes } from "../data/api.ts";
import { explain } from "../data/explain.ts";
import type { Token } from "../data/shapes.ts";
import { IconButton } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { Badge } from "../ui/page.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { ActiveSwitch } from "./active-switch.tsx";

interface TokenTableProps {
  tokens: readonly Token[];
  reload: () => Promise<void>;
  onEdit: (token: Token) => void;
  onDelete: (token: Token) => void;
}

const badgeOf = {
  active: "good",
  cooling: "waiting",
  expired: "bad",
  refresh_failed: "bad",
  disabled: "off",
} as const;

export function TokenTable({ tokens, reload, onEdit, onDelete }: TokenTableProps) {
  const columns: Column<Token>[] = [
    {
      title: t("tokens.account"),
      kind: "main",
      cell: ({ name, email, account_id: accountId }) => (
        <div class="two-lines">
          <b>{name}</b>
          <span class="quiet">{email !== "" && email !== name ? email : accountId}</span>
        </div>
      ),
    },
    { title: t("tokens.status"), cell: (token) => <Status token={token} /> },
    { title: t("tokens.expires"), cell: ({ expired_at: at }) => <Moment at={at} none={t("state.none")} /> },
    {
      title: t("tokens.refreshed"),
      cell: ({ last_refresh_at: at }) => <Moment at={at} none={t("state.never")} />,
    },
    { title: t("tokens.weight"), kind: "number", cell: ({ weight }) => weight },
    {
      title: t("tokens.active"),
      cell: (token) => (
        <ActiveSwitch
          path={`/admin/tokens/${token.id}`}
          isOn={token.is_active}
          label={t("tokens.toggle", { name: token.name })}
          changed={{ on: t("tokens.on"), off: t("tokens.off") }}
          reload={reload}
        />
      ),
    },
    {
      title: t("do.edit"),
      kind: "actions",
      cell: (token) => (
        <>
          <RefreshButton token={token} reload={reload} />
          <IconButton icon="edit" label={t("tokens.edit.title", { name: token.name })} onClick={() => onEdit(token)} />
          <IconButton
            icon="trash"
            label={`${t("do.delete")}: ${token.name}`}
            isDanger
            onClick={() => onDelete(token)}
          />
        </>
      ),
    },
  ];
  return <Table label={t("tokens.title")} columns={columns} rows={tokens} keyOf={({ id }) => id} />;
}

function Status({ token: { status, reason, cools_until: until } }: { token: Token }) {
  return (
    <div class="two-lines">
      <span>
        <Badge kind={badgeOf[status]}>{t(`tokens.status.${status}`)}</Badge>
      </span>
      {(reason !== null || until !== null) && (
        <span class="quiet reason">
          {reason} {until !== null && <span title={time(until)}>{t("tokens.until", { time: ago(until) })}</span>}
        </span>
      )}
    </div>
  );
}

function RefreshButton({ token, reload }: { token: Token; reload: () => Promise<void> }) {
  const [isBusy, setBusy] = useState(false);
  const refresh = async () => {
    if (!token.has_refresh_token) return showToast(t("tokens.refresh.impossible"), "error");
    setBusy(true);
    try {
      await ask("POST", `/admin/tokens/${token.id}/refresh`);
      showToast(t("tokens.refreshed.done", { name: token.name }));
    } catch (thrown) {
      const isRunning = thrown instanceof ApiError && thrown.code === codes.conflict;
      showToast(isRunning ? t("tokens.refresh.busy") : explain(thrown), "error");
    }
    await reload();
    setBusy(false);
  };
  return (
    <IconButton
      icon="refresh"
      label={t("tokens.refresh.of", { name: token.name })}
      isBusy={isBusy}
      onClick={() => void refresh()}
    />
  );
}
