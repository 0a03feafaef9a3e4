// What a host says of itself on CONTROL: one subject per boot.

export interface Renewal {
  readonly state: "open" | "closed";
  readonly host: string;
  /** Makes each renewal of a boot another text, so that the boot knows which one it reads back. */
  readonly counter: number;
  readonly wallMs?: number;
  /** Absent: true. */
  readonly ownsShards?: boolean;
  /** The host is handing its shards over. A host that joins now never saw `ownsShards: true` of this boot. */
  readonly isLeaving?: boolean;
  /** Of a closed boot: it drained, left nothing behind, and closed itself. */
  readonly byItself?: boolean;
}

const prefix = "host.";

export function renewalSubject(boot: string): string {
  return `${prefix}${boot}`;
}
/** The boot whose subject this is; undefined: CONTROL's entry is no renewal. */
export function bootOfSubject(subject: string): string | undefined {
  return subject.startsWith(prefix) ? subject.slice(prefix.length) : undefined;
}
export function encodeRenewal(renewal: Renewal): string {
  return JSON.stringify(renewal);
}
export function decodeRenewal(value: string): Renewal {
  return JSON.parse(value) as Renewal;
}
