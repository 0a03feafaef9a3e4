// The body that makes or changes an API key: its limits stand beside its name, or in `limits`.
import type { ApiKey } from "../../../actors/keyring/contract.ts";
import { optionalFlag } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";

interface Limits {
  quota?: number;
  rpm?: number;
  tpm?: number;
  parallel?: number;
}
interface KeyBody extends Limits {
  name?: string;
  is_active?: boolean;
  limits?: Limits;
}

const limit = { type: "number", integer: true, min: 0, max: Number.MAX_SAFE_INTEGER, optional: true } as const;
const limitRules = () => ({ quota: { ...limit }, rpm: { ...limit }, tpm: { ...limit }, parallel: { ...limit } });

export function keyBody(example: KeyBody) {
  return schema<KeyBody>(
    {
      name: { type: "string", max: 100, shown: true, optional: true },
      is_active: optionalFlag,
      limits: { type: "object", optional: true, props: limitRules() },
      ...limitRules(),
    },
    { example },
  );
}

/** `limits` replaces the known ones; those beside it change one each. */
export function limitsOf(body: KeyBody, known: ApiKey["limits"]): ApiKey["limits"] {
  const given = { ...body.limits, ...pickLimits(body) };
  const { quota, rpm, tpm, parallel } = given;
  return {
    ...(body.limits ? {} : known),
    ...(quota !== undefined && { quotaTokens: quota }),
    ...(rpm !== undefined && { rpm }),
    ...(tpm !== undefined && { tpm }),
    ...(parallel !== undefined && { parallel }),
  };
}

export function changesLimits(body: KeyBody): boolean {
  return body.limits !== undefined || Object.keys(pickLimits(body)).length > 0;
}

function pickLimits({ quota, rpm, tpm, parallel }: Limits): Limits {
  return {
    ...(quota !== undefined && { quota }),
    ...(rpm !== undefined && { rpm }),
    ...(tpm !== undefined && { tpm }),
    ...(parallel !== undefined && { parallel }),
  };
}
