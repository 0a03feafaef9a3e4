import type { ComponentChildren } from "preact";
import { CommonIcon } from "./icons.tsx";

export function Notice({ kind, children }: { kind: "error" | "warning" | "done"; children: ComponentChildren }) {
  return (
    <p class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      <CommonIcon name={kind === "done" ? "check" : "alert"} />
      <span>{children}</span>
    </p>
  );
}
