import type { ComponentChildren } from "preact";

interface PageHeadProps {
  title: string;
  lead?: string;
  children?: ComponentChildren;
}

export function PageHead({ title, lead, children }: PageHeadProps) {
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {lead !== undefined && <p>{lead}</p>}
      </div>
      {children !== undefined && <div class="page-actions">{children}</div>}
    </header>
  );
}

interface CardProps {
  title?: ComponentChildren;
  lead?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
  kind?: string;
}

export function Card({ title, lead, actions, children, kind = "" }: CardProps) {
  return (
    <section class={`card ${kind}`}>
      {title !== undefined && (
        <header>
          <div>
            <h2>{title}</h2>
            {lead !== undefined && <p>{lead}</p>}
          </div>
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}

export function Badge({ kind, children }: { kind: "good" | "bad" | "waiting" | "off"; children: ComponentChildren }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}
