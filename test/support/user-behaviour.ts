// The behaviour of users with the default rules.
import { defaultUserRules } from "../../actors/user/ports.ts";
import { createUser } from "../../actors/user/user.ts";
import { systemRandom } from "../../infra/system/random.ts";

export const user = createUser({ random: systemRandom, rules: defaultUserRules });
