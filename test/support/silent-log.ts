import type { Log } from "../../gateway/ports.ts";

/** A log that writes nothing. A test that reads some lines replaces methods: `{ ...silentLog, error: … }`. */
export const silentLog = { debug() {}, info() {}, warn() {}, error() {} } satisfies Log & { debug(): void };
