// What a page says in place of its content, or above it.
import type { ComponentChildren } from "preact";
import { t } from "../base/prefs.ts";
import type { ApiError } from "../data/api.ts";
import { explain } from "../data/explain.ts";
import type { Loaded } from "../data/load.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

export function LoadError({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  return (
    <div class="empty" role="alert">
      <Icon name="alert" />
      <h3>{t("error.title")}</h3>
      <p>{explain(error)}</p>
      <Button icon="refresh" onClick={onRetry}>
        {t("do.retry")}
      </Button>
    </div>
  );
}

type NotLoadedProps = Pick<Loaded<unknown>, "data" | "error" | "reload"> & { rows: number };

/** What stands in the place of data: `rows` of a placeholder until the first answer, or its error. */
export function NotLoaded({ data, error, reload, rows }: NotLoadedProps) {
  if (data !== undefined) return null;
  return error ? <LoadError error={error} onRetry={reload} /> : <Placeholder rows={rows} />;
}

interface EmptyProps {
  icon: IconName;
  title: string;
  lead?: string;
  children?: ComponentChildren;
}

export function Empty({ icon, title, lead, children }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h3>{title}</h3>
      {lead !== undefined && <p>{lead}</p>}
      {children}
    </div>
  );
}

/** Takes the place of what is loading, so that nothing moves when it comes. */
export function Placeholder({ rows }: { rows: number }) {
  return (
    <div class="placeholder" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}
