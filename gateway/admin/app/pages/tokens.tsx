import { useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { t } from "../base/prefs.ts";
import { type Place, replacePlace } from "../base/route.ts";
import { count } from "../base/shown.ts";
import { ask } from "../data/api.ts";
import { useLoad } from "../data/load.ts";
import type { Token, TokenPage } from "../data/shapes.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";
import { Empty, NotLoaded } from "../ui/notice.tsx";
import { Card, PageHead } from "../ui/page.tsx";
import { ImportDialog } from "./import-dialog.tsx";
import { TokenTable } from "./token-table.tsx";

type Open =
  | { dialog: "none" }
  | { dialog: "import" }
  | { dialog: "edit"; token: Token }
  | { dialog: "delete"; token: Token };

const pageSize = 50;
const everyMs = 30_000;

export function TokensPage({ place }: { place: Place }) {
  const [page, setPage] = useState(1);
  const { data, error, reload } = useLoad(
    () => ask<TokenPage>("GET", `/admin/tokens?page=${page}&limit=${pageSize}`),
    [page],
    everyMs,
  );
  const [open, setOpen] = useState<Open>({ dialog: place.query.get("do") === "import" ? "import" : "none" });
  const close = () => {
    if (place.query.has("do")) replacePlace("tokens", {});
    setOpen({ dialog: "none" });
  };
  const saved = (text: string) => {
    close();
    showToast(text);
    void reload();
  };
  return (
    <>
      <PageHead title={t("tokens.title")} lead={t("tokens.lead")}>
        <Button icon="upload" kind="primary" onClick={() => setOpen({ dialog: "import" })}>
          {t("tokens.import")}
        </Button>
      </PageHead>
      <Card>
        <NotLoaded {...{ data, error, reload }} rows={5} />
        {data?.total === 0 && (
          <Empty icon="tokens" title={t("tokens.empty")} lead={t("tokens.empty.lead")}>
            <Button icon="upload" onClick={() => setOpen({ dialog: "import" })}>
              {t("tokens.import")}
            </Button>
          </Empty>
        )}
        {data && data.total > 0 && (
          <>
            <TokenTable
              tokens={data.data}
              reload={reload}
              onEdit={(token) => setOpen({ dialog: "edit", token })}
              onDelete={(token) => setOpen({ dialog: "delete", token })}
            />
            <Pager page={page} total={data.total} onChange={setPage} />
          </>
        )}
      </Card>
      {open.dialog === "import" && <ImportDialog onClose={close} onImported={() => void reload()} />}
      {open.dialog === "edit" && (
        <EditTokenDialog token={open.token} onClose={close} onSaved={() => saved(t("tokens.saved"))} />
      )}
      {open.dialog === "delete" && (
        <FormDialog
          title={t("tokens.delete.title", { name: open.token.name })}
          submit={t("do.delete")}
          busy={t("do.deleting")}
          isDanger
          onClose={close}
          onSubmit={async () => {
            await ask("DELETE", `/admin/tokens/${open.token.id}`);
            saved(t("tokens.deleted"));
          }}
        >
          <p>{t("tokens.delete.text")}</p>
        </FormDialog>
      )}
    </>
  );
}

interface PagerProps {
  page: number;
  total: number;
  onChange: (page: number) => void;
}

function Pager({ page, total, onChange }: PagerProps) {
  if (total <= pageSize && page === 1) return null;
  const from = (page - 1) * pageSize + 1;
  const to = Math.min(total, page * pageSize);
  return (
    <nav class="pager" aria-label={t("tokens.title")}>
      <span class="quiet">{t("tokens.page", { from: count(from), to: count(to), n: count(total) })}</span>
      <IconButton icon="left" label={t("tokens.previous")} disabled={page === 1} onClick={() => onChange(page - 1)} />
      <IconButton icon="right" label={t("tokens.next")} disabled={to >= total} onClick={() => onChange(page + 1)} />
    </nav>
  );
}

interface EditTokenProps {
  token: Token;
  onClose: () => void;
  onSaved: () => void;
}

function EditTokenDialog({ token, onClose, onSaved }: EditTokenProps) {
  const [name, setName] = useState(token.name);
  const [weight, setWeight] = useState(String(token.weight));
  const isWeight = /^\d+$/.test(weight) && Number(weight) >= 1 && Number(weight) <= 100;
  return (
    <FormDialog
      title={t("tokens.edit.title", { name: token.name })}
      submit={t("do.save")}
      busy={t("do.saving")}
      onClose={onClose}
      onSubmit={async () => {
        if (!isWeight) return;
        await ask("PATCH", `/admin/tokens/${token.id}`, { name: name.trim(), weight: Number(weight) });
        onSaved();
      }}
    >
      <TextField label={t("keys.name")} value={name} maxLength={200} onInput={setName} isFirst />
      <TextField
        type="number"
        label={t("tokens.weight")}
        hint={t("tokens.weight.hint")}
        error={isWeight ? undefined : t("tokens.weight.wrong")}
        value={weight}
        maxLength={3}
        onInput={(text) => setWeight(text.trim())}
      />
    </FormDialog>
  );
}
