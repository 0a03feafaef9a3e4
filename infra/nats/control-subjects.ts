// The names of CONTROL's entries as NATS subjects, and back: `revoked.a b` ⇄ `control.revoked.a=20b`.

const prefix = "control.";
const plain = /^[A-Za-z0-9_-]+$/;

/** `name` is `kind.id`; the id may contain any characters, also dots. */
export function toSubject(name: string): string {
  const dot = name.indexOf(".");
  if (dot < 1) throw new RangeError(`the name of a CONTROL entry is kind.id, not "${name}"`);
  return `${prefix}${name.slice(0, dot)}.${escapeToken(name.slice(dot + 1))}`;
}

export function fromSubject(subject: string): string {
  const name = subject.slice(prefix.length);
  const dot = name.indexOf(".");
  return `${name.slice(0, dot)}.${unescapeToken(name.slice(dot + 1))}`;
}

/** Every byte that is no plain letter, digit, `_` or `-` becomes `=` and two hexadecimal digits; an empty id becomes `=`. */
function escapeToken(id: string): string {
  if (plain.test(id)) return id;
  let token = "";
  for (const byte of Buffer.from(id, "utf8")) {
    const character = String.fromCharCode(byte);
    token += plain.test(character) ? character : `=${byte.toString(16).padStart(2, "0")}`;
  }
  return token || "=";
}

function unescapeToken(token: string): string {
  if (!token.includes("=")) return token;
  const bytes =
    token === "="
      ? ""
      : token.replaceAll(/=([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
