const address = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;

/** Text with its line breaks; addresses become links. */
export function LinkedText({ text }: { text: string }) {
  const parts: (string | { href: string })[] = [];
  let from = 0;
  for (const { 0: href, index } of text.matchAll(address)) {
    parts.push(text.slice(from, index), { href });
    from = index + href.length;
  }
  parts.push(text.slice(from));
  return (
    <p class="text">
      {parts.map((part, index) =>
        typeof part === "string" ? (
          part
        ) : (
          <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.href}
          </a>
        ),
      )}
    </p>
  );
}
