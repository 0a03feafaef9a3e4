// Environment variables of the model surfaces.
import type { Variable } from "./variable.ts";

export const surfaceVariables = {
  COMPAT_PORTS: {
    text: "More ports, for clients that expect a model surface on a port of its own, comma-separated surface:port: 001:8000,002:3000,004:3001.",
    unit: "list",
    default: "",
  },
  ALLOWED_ORIGINS: {
    text: "Origins of pages elsewhere that may call this server and open sockets from a browser, comma-separated: https://chat.example.org. Pages of this server always may. * allows every origin; production refuses it.",
    unit: "list",
    default: "",
  },
  REGISTRATION: {
    text: "open: everybody may register with a name, an e-mail address and a password. closed: only administrators make users.",
    unit: "name",
    default: "open",
    oneOf: ["open", "closed"],
  },
  ADMIN_USERNAME: { text: "Name of the first administrator.", unit: "name", default: "admin" },
  ADMIN_PASSWORD: {
    text: "Password of the first administrator, who is made at the first start. Default: a random one, printed once; in production no administrator is made.",
    unit: "text",
    default: "",
    isSecret: true,
  },
} as const satisfies Record<string, Variable>;
