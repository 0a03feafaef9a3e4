// Environment variables of the login by OpenID Connect.
import type { Variable } from "./variable.ts";

export const oidcVariables = {
  OIDC_ISSUER: {
    text: "Issuer of a provider of OpenID Connect (ZITADEL or any other): https://id.example.org. Users may log in there then. A provider of this network has to be named in OUTBOUND_ALLOW. A user's account is found by issuer and subject: another issuer later makes other accounts.",
    unit: "url",
    default: "",
  },
  OIDC_CLIENT_ID: { text: "Id of this server at the provider.", unit: "text", default: "" },
  OIDC_CLIENT_SECRET: {
    text: "Secret of this server at the provider. Default: a public client, protected by PKCE alone.",
    unit: "text",
    default: "",
    isSecret: true,
  },
  OIDC_REDIRECT_URIS: {
    text: "Pages or apps to which the provider may send users back, comma-separated: https://chat.example.org/oidc,org.example.chat:/oidc. The same ones are registered at the provider.",
    unit: "list",
    default: "",
  },
} as const satisfies Record<string, Variable>;
