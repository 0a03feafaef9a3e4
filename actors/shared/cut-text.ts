/** The first `maxUnits` UTF-16 units of a text, fewer where the last one would be half of a character. */
export function cutText(text: string, maxUnits: number): string {
  if (text.length <= maxUnits) return text;
  const last = text.charCodeAt(maxUnits - 1);
  const endsInHalf = last >= 0xd800 && last < 0xdc00;
  return text.slice(0, endsInHalf ? maxUnits - 1 : maxUnits);
}
