// A table that becomes a list of cards on a narrow screen.
import type { ComponentChildren } from "preact";

export interface Column<Row> {
  title: string;
  /** `main`: heads the card of a phone. `actions`: without a title. */
  kind?: "main" | "number" | "actions";
  cell: (row: Row) => ComponentChildren;
}

interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  /** Sums below the rows, a cell for each column. */
  sums?: readonly ComponentChildren[];
}

const classOf = { text: "", main: "lead-cell", number: "number-cell", actions: "actions-cell" } as const;

export function Table<Row>({ label, columns, rows, keyOf, sums }: TableProps<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways has to be reached by the keyboard
    <section class="table-scroll" tabIndex={0} aria-label={label}>
      <table class="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ title, kind }) => (
              <th key={title} scope="col" class={classOf[kind ?? "text"]}>
                {kind === "actions" ? <span class="off-screen">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, kind, cell }) => (
                <td key={title} class={classOf[kind ?? "text"]} data-title={title}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {sums && (
          <tfoot>
            <tr>
              {sums.map((sum, index) => (
                <td
                  key={columns[index]?.title}
                  class={classOf[columns[index]?.kind ?? "text"]}
                  data-title={columns[index]?.title}
                >
                  {sum}
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </section>
  );
}
