// A server on the port of the image editor, beside a scripted upstream that is its only provider, and a client written for it.
import assert from "node:assert";
import { startModelNode } from "../llm/model-node.ts";
import type { ScriptedUpstream } from "../llm/scripted-upstream.ts";
import { freePort } from "../server-process.ts";
import type { TestNode } from "../start-node.ts";
import { SurfaceClient } from "../surface-client.ts";

interface ImageEditor extends AsyncDisposable {
  readonly port: number;
  readonly node: TestNode;
  readonly upstream: ScriptedUpstream;
}

export async function startImageEditor(env: Record<string, string> = {}): Promise<ImageEditor> {
  const port = await freePort();
  const model = await startModelNode({ isSystem: true, env: { COMPAT_PORTS: `004:${port}`, ...env } });
  return { ...model, port };
}

/** For what a model and the processes do, on a busy machine. */
export const patienceMs = 20_000;
export const password = "password123";
export const emailOf = (username: string): string => `${username}@example.com`;

/** A user of the editor with their token. */
export class Editor extends SurfaceClient {
  static async registers(at: { readonly port: number }, username: string): Promise<Editor> {
    const editor = new Editor(at);
    const made = await editor.posts("/api/auth/register", { email: emailOf(username), username, password });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    editor.token = made.body.token;
    editor.userId = made.body.user.id;
    return editor;
  }

  async beginsSession(title = "New Chat"): Promise<string> {
    const { status, body } = await this.posts("/api/sessions", { title });
    assert.equal(status, 200, JSON.stringify(body));
    return body.id;
  }

  async messagesOf(sessionId: string): Promise<EditorMessage[]> {
    return (await this.gets(`/api/sessions/${sessionId}/messages?limit=50&offset=0`)).body.messages;
  }

  uploads(bytes: Uint8Array | readonly Uint8Array[], fields: Record<string, string>, headers = {}) {
    const form = new FormData();
    const isBatch = Array.isArray(bytes);
    for (const each of isBatch ? (bytes as Uint8Array[]) : [bytes as Uint8Array]) {
      form.append(isBatch ? "images" : "image", new Blob([each as Uint8Array<ArrayBuffer>]), "photo.jpg");
    }
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    return this.asks("POST", `/api/images/upload${isBatch ? "/batch" : ""}`, form, headers);
  }

  opensSession(sessionId: string, { userId = this.userId, token = this.token } = {}) {
    return this.opens(`/ws/${sessionId}?userId=${userId}&token=${token}`);
  }
}

interface EditorMessage {
  id: string;
  sessionId: string;
  role: string;
  text: string;
  params: unknown;
  imageIds: string[];
  createdAt: string;
  updatedAt: string;
  editedOf: string | null;
}

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** The fields that the document shows for each object, by type. */
const fields = {
  user: {
    ...{ id: "string", email: "string", username: "string", avatar: "string" },
    ...{ createdAt: isoTime, updatedAt: isoTime, lastLoginAt: isoTime, isActive: "boolean" },
  },
  session: {
    ...{ id: "string", userId: "string", title: "string", createdAt: isoTime, updatedAt: isoTime },
    ...{ messageCount: "number", deletedAt: null },
  },
  message: {
    ...{ id: "string", sessionId: "string", role: "string", text: "string", params: "object", imageIds: "object" },
    ...{ createdAt: isoTime, updatedAt: isoTime },
  },
  image: {
    ...{ id: "string", sessionId: "string", userId: "string", type: "string", path: /^https?:/, thumbPath: /^https?:/ },
    ...{ mime: "string", width: "number", height: "number", size: "number", refCount: "number" },
    ...{ createdAt: isoTime, updatedAt: isoTime },
  },
} as const;

/** Names of the fields of `given` that are missing, or are not of the document's type. */
export function wrongFields(kind: keyof typeof fields, given: Record<string, unknown>): string[] {
  const isRight = (value: unknown, type: string | RegExp | null) => {
    if (type instanceof RegExp) return typeof value === "string" && type.test(value);
    return type === null ? value === null : value !== null && typeof value === type;
  };
  return Object.entries(fields[kind]).flatMap(([name, type]) => (isRight(given[name], type) ? [] : [name]));
}
