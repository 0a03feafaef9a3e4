import { useEffect, useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { t } from "../base/prefs.ts";
import { type Place, replacePlace } from "../base/route.ts";
import { ask } from "../data/api.ts";
import { explain } from "../data/explain.ts";
import { useLoad } from "../data/load.ts";
import { useNames } from "../data/names.ts";
import type { LogPage, LogRow } from "../data/shapes.ts";
import { Button } from "../ui/button.tsx";
import { Choice, TextField } from "../ui/fields.tsx";
import { Empty, NotLoaded } from "../ui/notice.tsx";
import { Card, PageHead } from "../ui/page.tsx";
import { LogDialog } from "./log-dialog.tsx";
import { LogTable } from "./log-table.tsx";

const pageSize = 50;
const typingMs = 350;

interface Filters {
  /** success, error or a status code; "" for all. */
  status: string;
  model: string;
}

export function LogsPage({ place }: { place: Place }) {
  const filters: Filters = { status: place.query.get("status") ?? "", model: place.query.get("model") ?? "" };
  const setFilters = (change: Partial<Filters>) => replacePlace("logs", { ...filters, ...change });
  const { rows, hasMore, error, isLoading, reload, loadMore } = useLogs(filters);
  const [open, setOpen] = useState<LogRow>();
  const names = useNames();
  const isFiltered = filters.status !== "" || filters.model !== "";
  return (
    <>
      <PageHead title={t("logs.title")} lead={t("logs.lead")}>
        <Button icon="refresh" isBusy={isLoading} onClick={reload}>
          {t("do.reload")}
        </Button>
      </PageHead>
      <Card>
        <FilterBar filters={filters} onChange={setFilters} />
        <NotLoaded data={rows} {...{ error, reload }} rows={8} />
        {rows?.length === 0 && (
          <Empty
            icon="logs"
            title={t(isFiltered ? "logs.nothingFound" : "logs.empty")}
            lead={isFiltered ? undefined : t("logs.empty.lead")}
          >
            {isFiltered && <Button onClick={() => setFilters({ status: "", model: "" })}>{t("do.clear")}</Button>}
          </Empty>
        )}
        {rows && rows.length > 0 && (
          <>
            <LogTable rows={rows} names={names} onOpen={setOpen} />
            <footer class="list-end">
              {hasMore ? (
                <Button onClick={() => void loadMore()} isBusy={isLoading}>
                  {t("do.more")}
                </Button>
              ) : (
                <span class="quiet">{t("logs.end")}</span>
              )}
            </footer>
          </>
        )}
      </Card>
      {open && <LogDialog row={open} names={names} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function useLogs(filters: Filters) {
  const [older, setOlder] = useState<LogPage>();
  const [isLoadingMore, setLoadingMore] = useState(false);
  const pageAfter = (cursor: string) => ask<LogPage>("GET", `/admin/logs?${queryOf(filters, cursor)}`);
  const first = useLoad(() => pageAfter(""), [filters.status, filters.model]);
  // A new first page begins the list again.
  useEffect(() => setOlder(undefined), [first.data]);
  const cursor = older ? older.next_cursor : (first.data?.next_cursor ?? null);
  return {
    rows: first.data && [...first.data.logs, ...(older?.logs ?? [])],
    hasMore: cursor !== null,
    error: first.error,
    isLoading: first.isLoading || isLoadingMore,
    reload: first.reload,
    async loadMore() {
      if (cursor === null) return;
      setLoadingMore(true);
      try {
        const page = await pageAfter(cursor);
        setOlder((known) => ({ ...page, logs: [...(known?.logs ?? []), ...page.logs] }));
      } catch (thrown) {
        showToast(explain(thrown), "error");
      }
      setLoadingMore(false);
    },
  };
}

function queryOf({ status, model }: Filters, cursor: string): string {
  const query = new URLSearchParams({ limit: String(pageSize) });
  for (const [name, value] of Object.entries({ status, model, cursor })) if (value !== "") query.set(name, value);
  return query.toString();
}

const statuses = ["", "success", "error"] as const;
const statusCodes = ["400", "401", "402", "403", "404", "413", "429", "499", "500", "502", "503", "504"] as const;

function FilterBar({ filters, onChange }: { filters: Filters; onChange: (change: Partial<Filters>) => void }) {
  const [model, setModel] = useState(filters.model);
  useEffect(() => setModel(filters.model), [filters.model]);
  useEffect(() => {
    if (model.trim() === filters.model) return;
    const timer = setTimeout(() => onChange({ model: model.trim() }), typingMs);
    return () => clearTimeout(timer);
  }, [model]);
  const isCode = /^\d/.test(filters.status);
  return (
    <div class="toolbar filters">
      <Choice
        label={t("logs.status")}
        value={isCode ? "" : (filters.status as (typeof statuses)[number])}
        onChange={(status) => onChange({ status })}
        options={statuses.map((each) => [each, t(each === "" ? "logs.status.all" : `logs.status.${each}`)] as const)}
      />
      <label class="inline">
        <span>{t("logs.code")}</span>
        <select
          class="input"
          value={isCode ? filters.status : ""}
          onChange={(event) => onChange({ status: event.currentTarget.value })}
        >
          <option value="">{t("logs.code.any")}</option>
          {statusCodes.map((code) => (
            <option key={code} value={code}>
              {code}
            </option>
          ))}
        </select>
      </label>
      <TextField
        label={t("logs.model")}
        value={model}
        placeholder={t("logs.model.placeholder")}
        maxLength={200}
        onInput={setModel}
      />
    </div>
  );
}
