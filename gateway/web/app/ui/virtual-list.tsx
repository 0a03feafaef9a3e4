// A list of rows of one height, of which only those near the screen are drawn: a thousand conversations cost as much as twenty.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface VirtualListProps<Row> {
  rows: readonly Row[];
  rowHeight: number;
  label: string;
  keyOf: (row: Row) => string;
  render: (row: Row) => ComponentChildren;
}

/** Rows drawn beyond the edges of the screen. */
const spare = 8;

export function VirtualList<Row>({ rows, rowHeight, label, keyOf, render }: VirtualListProps<Row>) {
  const ref = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 1_000 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const read = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener("scroll", read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", read);
    };
  }, []);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - spare);
  const shown = rows.slice(first, Math.ceil((view.top + view.height) / rowHeight) + spare);
  return (
    <div ref={ref} class="scroller">
      <ul class="rows" aria-label={label} style={{ height: `${rows.length * rowHeight}px` }}>
        {shown.map((row, index) => (
          <li
            key={keyOf(row)}
            style={{ transform: `translateY(${(first + index) * rowHeight}px)`, height: `${rowHeight}px` }}
          >
            {render(row)}
          </li>
        ))}
      </ul>
    </div>
  );
}
