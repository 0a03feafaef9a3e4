// Every kind of process, by its name: the first part of its key.
import type { ProcessKinds } from "../../actors/process/contract.ts";
import { edit } from "../edit/process.ts";
import { intake } from "../intake/process.ts";
import { reply } from "../reply/process.ts";
import { title } from "../title/process.ts";
import { upload } from "../upload/process.ts";

export const processKinds: ProcessKinds = { reply, title, upload, edit, intake };
