// Short messages at the edge of the page, read aloud too.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface Toast {
  id: number;
  text: string;
  kind: "done" | "error";
}

const shownMs = 5_000;
const errorShownMs = 9_000;
let toasts: readonly Toast[] = [];
let lastId = 0;
let draw = () => {};

export function showToast(text: string, kind: Toast["kind"] = "done"): void {
  lastId += 1;
  const id = lastId;
  toasts = [...toasts.slice(-2), { id, text, kind }];
  draw();
  setTimeout(
    () => {
      toasts = toasts.filter((each) => each.id !== id);
      draw();
    },
    kind === "error" ? errorShownMs : shownMs,
  );
}

export function Toasts() {
  const [, setTurn] = useState(0);
  useEffect(() => {
    draw = () => setTurn((turn) => turn + 1);
    return () => {
      draw = () => {};
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text, kind }) => (
        <p key={id} class={`toast ${kind}`}>
          <Icon name={kind === "done" ? "check" : "alert"} />
          {text}
        </p>
      ))}
    </div>
  );
}
