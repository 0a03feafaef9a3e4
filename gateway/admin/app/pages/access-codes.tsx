import { useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { count, date, time } from "../base/shown.ts";
import { ApiError, ask } from "../data/api.ts";
import { useLoad } from "../data/load.ts";
import type { AccessCode } from "../data/shapes.ts";
import { Button } from "../ui/button.tsx";
import { Copyable } from "../ui/copy.tsx";
import { Dialog, FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";
import { Moment } from "../ui/moment.tsx";
import { Empty, NotLoaded } from "../ui/notice.tsx";
import { Badge, Card } from "../ui/page.tsx";
import { Table } from "../ui/table.tsx";

type Open = { dialog: "none" } | { dialog: "new" } | { dialog: "made"; code: string };

export function AccessCodes() {
  const { data, error, reload } = useLoad(() => ask<AccessCode[]>("GET", "/admin/access-codes"), []);
  const [open, setOpen] = useState<Open>({ dialog: "none" });
  const close = () => setOpen({ dialog: "none" });
  return (
    <Card
      title={t("set.codes")}
      lead={t("set.codes.lead")}
      actions={
        <Button icon="plus" onClick={() => setOpen({ dialog: "new" })}>
          {t("set.codes.new")}
        </Button>
      }
    >
      <NotLoaded {...{ data, error, reload }} rows={3} />
      {data?.length === 0 && <Empty icon="keys" title={t("set.codes.empty")} />}
      {data && data.length > 0 && <CodeTable codes={data} />}
      {open.dialog === "new" && (
        <NewCodeDialog
          onClose={close}
          onMade={(code) => {
            setOpen({ dialog: "made", code });
            void reload();
          }}
        />
      )}
      {open.dialog === "made" && (
        <Dialog title={t("set.codes.made")} onClose={close}>
          <div class="dialog-body">
            <p>{t("set.codes.made.lead")}</p>
            <Copyable text={open.code} label={t("set.codes.code")} isPrimary />
          </div>
          <footer>
            <Button onClick={close}>{t("keys.made.done")}</Button>
          </footer>
        </Dialog>
      )}
    </Card>
  );
}

function CodeTable({ codes }: { codes: readonly AccessCode[] }) {
  return (
    <Table
      label={t("set.codes")}
      rows={codes}
      keyOf={({ id }) => id}
      columns={[
        { title: t("set.codes.code"), kind: "main", cell: ({ id }) => `#${id}` },
        { title: t("set.codes.state"), cell: (code) => <State code={code} /> },
        {
          title: t("set.codes.uses"),
          kind: "number",
          cell: ({ usage_count: n, max_usage: max }) => `${count(n)} / ${count(max)}`,
        },
        {
          title: t("set.codes.expires"),
          cell: ({ expires_at: at }) => <Moment at={at} none={t("state.never")} />,
        },
        { title: t("set.codes.created"), cell: ({ created_at: at }) => <span title={time(at)}>{date(at)}</span> },
      ]}
    />
  );
}

function State({ code }: { code: AccessCode }) {
  const { usage_count: used, max_usage: max, expires_at: expiresAt } = code;
  if (used >= max) return <Badge kind="off">{t("set.codes.spent")}</Badge>;
  const isOld = !code.is_active || (expiresAt !== null && Date.parse(expiresAt) <= Date.now());
  return isOld ? <Badge kind="off">{t("set.codes.old")}</Badge> : <Badge kind="good">{t("set.codes.usable")}</Badge>;
}

const maxUses = 1_000_000;

function NewCodeDialog({ onClose, onMade }: { onClose: () => void; onMade: (code: string) => void }) {
  const [code, setCode] = useState("");
  const [uses, setUses] = useState("1");
  const [expires, setExpires] = useState("");
  const [isTaken, setTaken] = useState(false);
  const isUses = /^\d+$/.test(uses) && Number(uses) >= 1 && Number(uses) <= maxUses;
  const make = async () => {
    if (!isUses) return;
    const body = {
      max_usage: Number(uses),
      ...(code !== "" && { code }),
      ...(expires !== "" && { expires_at: new Date(expires).toISOString() }),
    };
    try {
      onMade((await ask<AccessCode>("POST", "/admin/access-codes", body)).code ?? code);
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.status === 409)) throw thrown;
      setTaken(true);
    }
  };
  return (
    <FormDialog
      title={t("set.codes.new")}
      submit={t("set.codes.submit")}
      busy={t("do.saving")}
      onClose={onClose}
      onSubmit={make}
    >
      <TextField
        label={t("set.codes.code")}
        hint={t("set.codes.code.hint")}
        error={isTaken ? t("set.codes.taken") : undefined}
        value={code}
        maxLength={128}
        onInput={(text) => {
          setTaken(false);
          setCode(text);
        }}
        isFirst
      />
      <TextField
        type="number"
        label={t("set.codes.max")}
        error={isUses ? undefined : t("set.codes.max.wrong")}
        value={uses}
        maxLength={7}
        onInput={(text) => setUses(text.trim())}
      />
      <TextField
        type="datetime-local"
        label={t("set.codes.expires")}
        hint={t("set.codes.expires.hint")}
        value={expires}
        onInput={setExpires}
      />
    </FormDialog>
  );
}
