// What clients ask before anybody has logged in: the settings of the system, with the fields that NextChat's pages expect. All of
// them are public.
import { ModelSettings, systemModels } from "../../../actors/models/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { invalidField } from "../../../actors/shared/errors.ts";
import type { Edge } from "../../rest/kit/route.ts";

/** Until an administrator sets them. Nobody is asked for a code, and there is no balance to show. */
const defaults = {
  needCode: false,
  hideUserApiKey: false,
  disableGPT4: false,
  hideBalanceQuery: true,
  disableFastLink: false,
  customModels: "",
  defaultModel: "",
  visionModels: "",
};
type ClientConfig = typeof defaults & Readonly<Record<string, unknown>>;

interface Asking {
  edge: Pick<Edge, "actors">;
  call: CallOptions;
}

export async function readClientConfig({ edge, call }: Asking): Promise<ClientConfig> {
  const { settings } = await edge.actors.get(ModelSettings, systemModels).settings({}, call);
  return { ...defaults, ...settings };
}

/** Changes the settings that are given; null brings a default back. Throws common.invalid. */
export async function changeClientConfig({ edge, call }: Asking, body: unknown): Promise<ClientConfig> {
  const patch = readPatch(body);
  const { settings } = await edge.actors.get(ModelSettings, systemModels).changeSettings({ patch }, call);
  return { ...defaults, ...settings };
}

function readPatch(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalidField("", "an object");
  const patch = body as Readonly<Record<string, unknown>>;
  for (const [name, known] of Object.entries(defaults)) {
    const value = Object.hasOwn(patch, name) ? patch[name] : null;
    if (value !== null && typeof value !== typeof known) throw invalidField(name, `a ${typeof known}`);
  }
  return patch;
}
