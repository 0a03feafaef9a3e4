// Short messages at the edge of a page.
import { useEffect, useState } from "preact/hooks";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: "done" | "error";
}

const shownMs = 5_000;
const errorShownMs = 9_000;
const maxShown = 3;
let toasts: readonly Toast[] = [];
let lastId = 0;
let draw = () => {};

export function showToast(text: string, kind: Toast["kind"] = "done"): void {
  lastId += 1;
  const id = lastId;
  toasts = [...toasts.slice(1 - maxShown), { id, text, kind }];
  draw();
  setTimeout(() => hideToast(id), kind === "error" ? errorShownMs : shownMs);
}

function hideToast(id: number): void {
  toasts = toasts.filter((each) => each.id !== id);
  draw();
}

/** The messages that are shown now. */
export function useToasts(): readonly Toast[] {
  const [, setTurn] = useState(0);
  useEffect(() => {
    draw = () => setTurn((turn) => turn + 1);
    return () => {
      draw = () => {};
    };
  }, []);
  return toasts;
}
