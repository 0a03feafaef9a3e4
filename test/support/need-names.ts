// What a test file may need beside node: the servers of the stack, and the official client for Python.
import { serverNames } from "../../infra/stack/server-kind.ts";

export const needNames = [...serverNames, "python-openai"] as const;
export type NeedName = (typeof needNames)[number];
