// Users of the image surface.
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { namedFromNetwork } from "../../rest/account/subjects.ts";
import { findAccount } from "../identity/account.ts";
import { logIn } from "../identity/log-in.ts";
import { type Registration, registerUser } from "../identity/register.ts";
import { registrationShape } from "../identity/registration-shape.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { image } from "../kit/surface.ts";
import { tokensOnWire, tokensShape, userOnWire, userShape } from "../shared/user.ts";

export const imageAuthRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: image,
    method: "POST",
    path: "/api/auth/register",
    auth: "none",
    limit: limits.register,
    subject: namedFromNetwork(limits.registerContact, "email"),
    summary: "Creates a user and logs in",
    body: schema<Registration>(registrationShape, {
      example: { email: "bob@example.org", username: "bob", password: "Passw0rd1" },
    }),
    answers: tokensShape,
    errors: ["auth.user_exists", "common.forbidden"],
    async handle({ body, edge, client, dialect }) {
      const userId = await registerUser(edge, body, client);
      const tokens = await logIn(edge, body.email, body.password, { client, dialect });
      return tokensOnWire(tokens, await findAccount(edge, userId));
    },
  }),

  surfaceRoute({
    surface: image,
    method: "GET",
    path: "/api/auth/me",
    auth: "user",
    summary: "The caller",
    answers: userShape,
    errors: ["user.not_found"],
    handle: async ({ principal: { userId }, edge }) => userOnWire(await findAccount(edge, userId)),
  }),
];
