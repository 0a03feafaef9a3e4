// The platform that the client runs on. Browsers have all of it, and Node since version 22; tests bring their own.
import type { Timer } from "../../../actors/shared/sleep.ts";

export interface Platform {
  openSocket(url: string, protocols: readonly string[]): PlatformSocket;
  /** Rejects when there is no complete answer after `timeoutMs`. */
  request(url: string, request: PlatformRequest): Promise<PlatformResponse>;
  readonly clock: PlatformClock;
  /** 0 ≤ x < 1. */
  random(): number;
  /** A text that is different at every call, on every device. */
  newId(): string;
}

/** The part of the WHATWG WebSocket that the client uses. */
export interface PlatformSocket {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(code?: number): void;
  /** Ends it without waiting for the other side, where a platform can. */
  terminate?(): void;
}

/** The part of the web's Blob and File that the client uses. */
export interface PlatformBlob {
  readonly size: number;
  readonly type: string;
  slice(start: number, end: number): PlatformBlob;
}

/** A body of multipart/form-data. */
export class FileForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: PlatformBlob;
  readonly fileName: string;

  constructor(fields: Readonly<Record<string, string>>, file: PlatformBlob, fileName: string) {
    this.fields = fields;
    this.file = file;
    this.fileName = fileName;
  }
}

export interface PlatformRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FileForm | undefined;
  readonly timeoutMs: number;
}

export interface PlatformResponse {
  readonly status: number;
  readonly text: string;
}

/** The Clock of actors/runtime/ports.ts is one. */
export interface PlatformClock extends Timer {
  /** Never goes back; only differences mean something. */
  monotonicMs(): number;
}

interface Globals {
  WebSocket: new (url: string, protocols: string[]) => PlatformSocket;
  fetch(url: string, request: object): Promise<{ status: number; text(): Promise<string> }>;
  AbortSignal: { timeout(ms: number): unknown };
  FormData: new () => { append(name: string, value: unknown, fileName?: string): void };
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
  performance: { now(): number };
  crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
}

/** setTimeout fires at once when it is asked for more. */
const timeoutMsMax = 2 ** 31 - 1;
const idBytes = 16;

/** The global WebSocket, fetch and timers. */
export function globalPlatform(): Platform {
  const globals = globalThis as unknown as Globals;
  return {
    openSocket: (url, protocols) => new globals.WebSocket(url, [...protocols]),
    async request(url, { method, headers, body, timeoutMs }) {
      const signal = globals.AbortSignal.timeout(timeoutMs);
      const sent = body instanceof FileForm ? formOf(globals, body) : body;
      const response = await globals.fetch(url, { method, headers, body: sent, signal });
      return { status: response.status, text: await response.text() };
    },
    clock: {
      monotonicMs: () => globals.performance.now(),
      after(delayMs, callback) {
        const timer = globals.setTimeout(callback, Math.min(delayMs, timeoutMsMax));
        return () => globals.clearTimeout(timer);
      },
    },
    random: () => Math.random(),
    // Not randomUUID: a browser has it on https only.
    newId: () => [...globals.crypto.getRandomValues(new Uint8Array(idBytes))].map(hexOfByte).join(""),
  };
}

function formOf({ FormData }: Globals, { fields, file, fileName }: FileForm): object {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, fileName);
  return form;
}

function hexOfByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
