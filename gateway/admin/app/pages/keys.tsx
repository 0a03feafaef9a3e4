import { useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { t } from "../base/prefs.ts";
import { type Place, replacePlace } from "../base/route.ts";
import { count, date, short, time } from "../base/shown.ts";
import { ask } from "../data/api.ts";
import { useLoad } from "../data/load.ts";
import type { ApiKey } from "../data/shapes.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { SearchField } from "../ui/fields.tsx";
import { Moment } from "../ui/moment.tsx";
import { Empty, NotLoaded } from "../ui/notice.tsx";
import { Card, PageHead } from "../ui/page.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { ActiveSwitch } from "./active-switch.tsx";
import { EditKeyDialog, MadeKeyDialog, NewKeyDialog } from "./key-dialogs.tsx";

type Open =
  | { dialog: "none" }
  | { dialog: "new" }
  | { dialog: "made"; key: ApiKey }
  | { dialog: "edit"; key: ApiKey }
  | { dialog: "delete"; key: ApiKey };

export function KeysPage({ place }: { place: Place }) {
  const { data, error, reload } = useLoad(() => ask<ApiKey[]>("GET", "/admin/api-keys"), []);
  const [open, setOpen] = useState<Open>({ dialog: place.query.get("do") === "new" ? "new" : "none" });
  const [search, setSearch] = useState("");
  const close = () => {
    if (place.query.has("do")) replacePlace("keys", {});
    setOpen({ dialog: "none" });
  };
  const found = (data ?? []).filter(({ name, key }) => `${name} ${key}`.toLowerCase().includes(search.toLowerCase()));
  return (
    <>
      <PageHead title={t("keys.title")} lead={t("keys.lead")}>
        <Button icon="plus" kind="primary" onClick={() => setOpen({ dialog: "new" })}>
          {t("keys.new")}
        </Button>
      </PageHead>
      <Card>
        <NotLoaded {...{ data, error, reload }} rows={5} />
        {data?.length === 0 && (
          <Empty icon="keys" title={t("keys.empty")} lead={t("keys.empty.lead")}>
            <Button icon="plus" onClick={() => setOpen({ dialog: "new" })}>
              {t("keys.new")}
            </Button>
          </Empty>
        )}
        {data && data.length > 0 && (
          <>
            <div class="toolbar">
              <SearchField label={t("keys.search")} value={search} onInput={setSearch} />
            </div>
            {found.length === 0 ? (
              <Empty icon="search" title={t("keys.nothingFound", { text: search })} />
            ) : (
              <KeyTable keys={found} reload={reload} setOpen={setOpen} />
            )}
          </>
        )}
      </Card>
      <KeyDialogs {...{ open, close, reload, setOpen }} />
    </>
  );
}

interface KeyTableProps {
  keys: readonly ApiKey[];
  reload: () => Promise<void>;
  setOpen: (open: Open) => void;
}

function KeyTable({ keys, reload, setOpen }: KeyTableProps) {
  const columns: Column<ApiKey>[] = [
    {
      title: t("keys.name"),
      kind: "main",
      cell: (key) => (
        <div class="two-lines">
          <b>{shownName(key)}</b>
          <code>{key.key}</code>
        </div>
      ),
    },
    { title: t("keys.requests"), kind: "number", cell: ({ usage_count: n }) => count(n) },
    { title: t("keys.tokens"), kind: "number", cell: (key) => <UsedTokens apiKey={key} /> },
    { title: t("keys.limits"), cell: (key) => <Limits apiKey={key} /> },
    {
      title: t("keys.used"),
      cell: ({ last_used_at: at }) => <Moment at={at} none={t("state.never")} />,
    },
    { title: t("keys.created"), cell: ({ created_at: at }) => <span title={time(at)}>{date(at)}</span> },
    {
      title: t("keys.active"),
      cell: (key) => (
        <ActiveSwitch
          path={`/admin/api-keys/${key.id}`}
          isOn={key.is_active}
          label={t("keys.toggle", { name: shownName(key) })}
          changed={{ on: t("keys.on"), off: t("keys.off") }}
          reload={reload}
        />
      ),
    },
    {
      title: t("do.edit"),
      kind: "actions",
      cell: (key) => (
        <>
          <IconButton
            icon="edit"
            label={t("keys.edit.title", { name: shownName(key) })}
            onClick={() => setOpen({ dialog: "edit", key })}
          />
          <IconButton
            icon="trash"
            label={`${t("do.delete")}: ${shownName(key)}`}
            isDanger
            onClick={() => setOpen({ dialog: "delete", key })}
          />
        </>
      ),
    },
  ];
  return <Table label={t("keys.title")} columns={columns} rows={keys} keyOf={({ id }) => id} />;
}

function shownName({ name }: ApiKey): string {
  return name === "" ? t("keys.unnamed") : name;
}

function UsedTokens({ apiKey: { tokens_used: used, quota } }: { apiKey: ApiKey }) {
  if (quota === undefined) return <>{count(used)}</>;
  const text = t("keys.limit.quota", { used: short(used), quota: short(quota) });
  return (
    <div class="quota">
      <span title={`${count(used)} / ${count(quota)}`}>{text}</span>
      <meter class={used >= quota ? "full" : ""} value={used} max={Math.max(1, quota)} aria-label={t("keys.quota")} />
    </div>
  );
}

function Limits({ apiKey: { rpm, tpm, parallel } }: { apiKey: ApiKey }) {
  const shown = [
    ["rpm", rpm],
    ["tpm", tpm],
    ["parallel", parallel],
  ] as const;
  const set = shown.filter(([, n]) => n !== undefined);
  if (set.length === 0) return <span class="quiet">{t("state.unlimited")}</span>;
  return (
    <ul class="tags">
      {set.map(([name, n]) => (
        <li key={name}>{t(`keys.limit.${name}`, { n: short(n ?? 0) })}</li>
      ))}
    </ul>
  );
}

interface KeyDialogsProps {
  open: Open;
  close: () => void;
  reload: () => Promise<void>;
  setOpen: (open: Open) => void;
}

function KeyDialogs({ open, close, reload, setOpen }: KeyDialogsProps) {
  switch (open.dialog) {
    case "none":
      return null;
    case "new":
      return (
        <NewKeyDialog
          onClose={close}
          onMade={(key) => {
            setOpen({ dialog: "made", key });
            void reload();
          }}
        />
      );
    case "made":
      return <MadeKeyDialog apiKey={open.key} onClose={close} />;
    case "edit":
      return (
        <EditKeyDialog
          apiKey={open.key}
          onClose={close}
          onSaved={() => {
            close();
            showToast(t("keys.saved"));
            void reload();
          }}
        />
      );
    case "delete":
      return (
        <FormDialog
          title={t("keys.delete.title", { name: shownName(open.key) })}
          submit={t("do.delete")}
          busy={t("do.deleting")}
          isDanger
          onClose={close}
          onSubmit={async () => {
            await ask("DELETE", `/admin/api-keys/${open.key.id}`);
            close();
            showToast(t("keys.deleted"));
            await reload();
          }}
        >
          <p>{t("keys.delete.text")}</p>
        </FormDialog>
      );
  }
}
