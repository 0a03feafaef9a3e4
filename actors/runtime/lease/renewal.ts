// What a host says of itself on CONTROL: one subject per boot.

export interface Renewal {
  readonly state: "open" | "closed";
  readonly host: string;
  readonly counter: number;
  readonly wallMs?: number;
  /** Absent: true. */
  readonly ownsShards?: boolean;
  /** It gives up what it owns: who joins now has not heard that it ever owned anything. */
  readonly isLeaving?: boolean;
  /** Of a closed one: it drained, left nothing behind, and went. */
  readonly byItself?: boolean;
}

const prefix = "host.";

export function renewalSubject(boot: string): string {
  return `${prefix}${boot}`;
}
/** The boot that a subject of CONTROL speaks of, if it speaks of one. */
export function bootOfSubject(subject: string): string | undefined {
  return subject.startsWith(prefix) ? subject.slice(prefix.length) : undefined;
}
export function encodeRenewal(renewal: Renewal): string {
  return JSON.stringify(renewal);
}
export function decodeRenewal(value: string): Renewal {
  return JSON.parse(value) as Renewal;
}
