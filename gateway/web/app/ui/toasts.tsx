import { useToasts } from "../../../browser/kit/toasts.ts";
import { Icon } from "./icons.tsx";

/** Short messages at the edge of the page, read aloud too. */
export function Toasts() {
  return (
    <div class="toasts">
      {useToasts().map(({ id, text, kind }) => (
        <p key={id} class={`toast ${kind}`} role={kind === "error" ? "alert" : "status"}>
          <Icon name={kind === "done" ? "check" : "alert"} />
          {text}
        </p>
      ))}
    </div>
  );
}
