// Short messages at the edge of the page, read aloud too.
import { useToasts } from "../../../browser/kit/toasts.ts";
import { Icon } from "./icons.tsx";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {useToasts().map(({ id, text, kind }) => (
        <p key={id} class={`toast ${kind}`}>
          <Icon name={kind === "done" ? "check" : "alert"} />
          {text}
        </p>
      ))}
    </div>
  );
}
