import { t } from "../base/prefs.ts";
import { useSource } from "../base/use-source.ts";
import type { Line } from "../model/line.ts";

/** A dot and a word: the state of the connection. */
export function Connection({ line }: { line: Line }) {
  const { kind } = useSource(line).state;
  const state = kind === "online" || kind === "connecting" ? kind : "offline";
  return (
    <span class="connection" role="status" data-testid="connection" data-state={state} title={t(`line.${state}`)}>
      <i />
      <span>{t(`line.${state}`)}</span>
    </span>
  );
}
