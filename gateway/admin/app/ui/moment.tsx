import { ago, time } from "../base/shown.ts";

/** How long ago or in how long, with the whole time as its title; `none` where there is no time. */
export function Moment({ at, none }: { at: string | null; none: string }) {
  return at === null ? <span class="quiet">{none}</span> : <span title={time(at)}>{ago(at)}</span>;
}
