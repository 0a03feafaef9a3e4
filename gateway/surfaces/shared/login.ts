// The login of two surfaces at one address: by name, e-mail address, `sk-` key or access code.
import { DomainError } from "../../../actors/shared/errors.ts";
import { invalidField, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { loginSubject } from "../../rest/account/subjects.ts";
import { findAccount } from "../identity/account.ts";
import { admitGuest, codeSubject, ownerOfKey } from "../identity/guest.ts";
import { admit, logIn } from "../identity/log-in.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { image, nextchat } from "../kit/surface.ts";
import { tokensOnWire, tokensShape } from "./user.ts";

interface LoginBody {
  username?: string;
  email?: string;
  password?: string;
  api_key?: string;
  access_code?: string;
}
const byCode = codeSubject("access_code");
const byName = loginSubject("username", "email");

export const loginRoute: SurfaceRoute = surfaceRoute({
  surface: [nextchat, image],
  method: "POST",
  path: "/api/auth/login",
  auth: "none",
  limit: limits.login,
  subject: (request) => byCode(request) ?? byName(request),
  summary: "Logs in by name or e-mail address and password, by an API key, or by an access code",
  body: schema<LoginBody>(
    {
      username: optionalText(254),
      email: optionalText(254),
      password: optionalText(128),
      api_key: optionalText(256),
      access_code: optionalText(128),
    },
    { example: { email: "bob@example.org", password: "Passw0rd1" } },
  ),
  answers: tokensShape,
  errors: ["auth.wrong_password", "auth.banned", "auth.frozen", "llm.key_invalid", "llm.code_wrong", "llm.code_spent"],
  async handle({ body, edge, client, namedDialect, call }) {
    // Clients of both surfaces send the same body here: a token that named one of them would answer the other's wrongly.
    const way = { client, dialect: namedDialect };
    const name = body.username || body.email;
    if (body.api_key) {
      const userId = await ownerOfKey(edge, body.api_key);
      return tokensOnWire(await admit(edge, userId, way), await findAccount(edge, userId));
    }
    if (body.access_code) {
      const userId = await admitGuest(edge, body.access_code, call);
      return tokensOnWire(await admit(edge, userId, way), await findAccount(edge, userId));
    }
    if (!name) throw invalidField("email", "username or email");
    if (!body.password) throw invalidField("password", "required");
    const tokens = await logIn(edge, name, body.password, way);
    return tokensOnWire(tokens, await accountOf(edge, tokens.userId));
  },
});

/** A deleted user is answered like a wrong password. */
async function accountOf(edge: Parameters<typeof findAccount>[0], userId: string) {
  try {
    return await findAccount(edge, userId);
  } catch (error) {
    if (error instanceof DomainError && error.error === "user.not_found") throw new DomainError("auth.wrong_password");
    throw error;
  }
}
