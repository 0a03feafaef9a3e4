// The settings of the model surfaces, as configuration.
import { canonicalAccountName } from "../../actors/shared/names.ts";
import type { SurfaceSettings } from "../../gateway/ports.ts";
import { parseDialect } from "../../gateway/surfaces/kit/dialect.ts";
import type { ConfigReader } from "./reader.ts";

export interface SurfaceConfig extends SurfaceSettings {
  /** Without a password no administrator is made. */
  admin: { username: string; password?: string; isGenerated?: true };
}

export function readSurfaces(read: ConfigReader): SurfaceConfig {
  const password = read.text("ADMIN_PASSWORD");
  const username = read.text("ADMIN_USERNAME");
  if (canonicalAccountName(username) === undefined) read.refuse("ADMIN_USERNAME");
  return {
    compatPorts: readCompatPorts(read),
    allowedOrigins: readOrigins(read),
    registration: read.name("REGISTRATION") as SurfaceSettings["registration"],
    admin: { username, ...(password !== "" && { password }) },
  };
}

function readCompatPorts(read: ConfigReader): SurfaceSettings["compatPorts"] {
  return read.list("COMPAT_PORTS").flatMap((part) => {
    const [, name, digits] = /^([a-z0-9]+):(\d{1,5})$/.exec(part) ?? [];
    const dialect = parseDialect(name);
    const port = Number(digits);
    if (dialect && port > 0 && port <= 65_535) return [{ port, dialect }];
    read.refuse("COMPAT_PORTS");
    return [];
  });
}

function readOrigins(read: ConfigReader): string[] {
  const origins = read.list("ALLOWED_ORIGINS");
  if (!origins.every((origin) => origin === "*" || isOrigin(origin))) read.refuse("ALLOWED_ORIGINS");
  return origins;
}

/** As browsers send it: scheme, host and port. A path, or another scheme, would never match. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}

export function findOpenOrigins({ allowedOrigins = [] }: SurfaceConfig): string[] {
  if (!allowedOrigins.includes("*")) return [];
  return ["ALLOWED_ORIGINS=* lets every page call this server: production needs the list of origins."];
}

/** A shorter one can be guessed. */
const minAdminPasswordChars = 10;

export function findWeakAdmin({ admin: { password } }: SurfaceConfig): string[] {
  if (password === undefined || password.length >= minAdminPasswordChars) return [];
  return [`ADMIN_PASSWORD is short: production needs ${minAdminPasswordChars} or more characters.`];
}
