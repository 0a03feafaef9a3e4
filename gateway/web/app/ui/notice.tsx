// What a page says in place of its content, or above it.
import type { ComponentChildren } from "preact";
import { t } from "../base/prefs.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

interface EmptyProps {
  icon: IconName;
  title: string;
  lead?: string;
  children?: ComponentChildren;
}

export function Empty({ icon, title, lead, children }: EmptyProps) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <h3>{title}</h3>
      {lead !== undefined && <p>{lead}</p>}
      {children}
    </div>
  );
}

export function Failed({ text, onRetry }: { text: string; onRetry: () => void }) {
  return (
    <div class="empty" role="alert">
      <span class="empty-icon">
        <Icon name="alert" />
      </span>
      <h3>{text}</h3>
      <Button icon="refresh" onClick={onRetry}>
        {t("do.retry")}
      </Button>
    </div>
  );
}

/** Takes the place of rows that are loading, so that nothing moves when they come. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row}>
          <i />
          <b />
        </span>
      ))}
    </div>
  );
}
