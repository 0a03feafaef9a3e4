// One form of every name that people type, after PRECIS (RFC 8264): identifiers as UsernameCaseMapped (RFC 8265), with
// compatibility characters decomposed, shown names as Nickname (RFC 8266), passwords as OpaqueString (RFC 8265).
// Why: two spellings of one name that look alike must not be two users.

/** Characters of no width, controls, characters that turn the text around, and half surrogates. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Hidden characters that scripts and emoji need: joiners, variation selectors, the tags of flags. */
const joining = /\u200c|\u200d|\ufe0e|\ufe0f|[\u{e0020}-\u{e007f}]/gu;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;
const spaces = /\p{Zs}+/gu;

/** The form in which an identifier is compared and kept; undefined when it is empty, has spaces or hidden characters. */
export function canonicalName(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "" || hidden.test(trimmed)) return undefined;
  const folded = canonicalText(trimmed);
  return /\s/.test(folded) ? undefined : folded;
}

/** For comparing words inside shown names, where spaces and hidden characters may stand. */
export function canonicalText(text: string): string {
  return foldCase(text.trim().normalize("NFKC")).normalize("NFKC");
}

/**
 * `local@domain` in its canonical form. The domain's full stop has other spellings in East Asia. Undefined when it is no
 * e-mail address.
 */
export function canonicalEmail(text: string): string | undefined {
  const name = canonicalName(text);
  const at = name?.lastIndexOf("@") ?? -1;
  if (name === undefined || at < 0) return undefined;
  const email = name.slice(0, at) + name.slice(at).replaceAll("\u3002", ".");
  return /^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}$/u.test(email) ? email : undefined;
}

/** 2 to 50 letters, digits, `_`, `.` or `-`, with at least one letter: digits alone read as a phone number or an id. */
export function canonicalAccountName(text: string): string | undefined {
  const name = canonicalName(text);
  return name !== undefined && /^[\p{L}\p{M}\p{N}_.-]{2,50}$/u.test(name) && /\p{L}/u.test(name) ? name : undefined;
}

/** A name as it is shown: trimmed, with single spaces. Undefined when nothing of it is seen, or it has hidden characters. */
export function shownName(text: string): string | undefined {
  const name = text.normalize("NFC").replace(spaces, " ").trim();
  const plain = name.replace(joining, "");
  return visible.test(plain) && !hidden.test(plain) ? name : undefined;
}

/** A password as it is counted and hashed: keyboards compose characters in different ways. */
export function opaquePassword(text: string): string {
  return text.replace(/\p{Zs}/gu, " ").normalize("NFC");
}

/** Lengths count code points: what most people call characters, and not UTF-16 units. */
export function codePointCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Whether the text has more than `max` code points; most texts are judged by their length alone. */
export function isLongerThan(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || codePointCount(text) > max;
}

/** By way of upper case, because lower case alone keeps ß apart from SS and has two forms of the small sigma. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}

/** The key of the handle of a nickname, where a nickname belongs to one user. Signs that are not seen make no other name. */
export function nicknameKey(nickname: string): string {
  return `nickname:${canonicalText(nickname.normalize("NFKC").replace(joining, ""))}`;
}
