import { useMemo } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { type Block, type Inline, parseMarkdown } from "../base/markdown.ts";
import { t } from "../base/prefs.ts";
import { IconButton } from "./button.tsx";

export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <div class="markdown">
      {blocks.map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "paragraph":
    case "quote": {
      const lines = block.lines.map((line, index) => (
        <>
          {index > 0 && <br />}
          <Line parts={line} />
        </>
      ));
      return block.kind === "quote" ? <blockquote>{lines}</blockquote> : <p>{lines}</p>;
    }
    case "heading": {
      // The page and the conversation have the first two levels.
      const Tag = `h${Math.min(6, block.level + 2)}` as "h3";
      return (
        <Tag class={`heading level-${block.level}`}>
          <Line parts={block.text} />
        </Tag>
      );
    }
    case "code":
      return <CodeBlock language={block.language} text={block.text} />;
    case "list": {
      const items = block.items.map(({ depth, text }, index) => (
        <li key={index} class={`depth-${depth}`}>
          <Line parts={text} />
        </li>
      ));
      return block.isOrdered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return (
        <div class="markdown-table">
          <table>
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index} scope="col">
                    <Line parts={cell} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>
                      <Line parts={cell} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    case "line":
      return <hr />;
  }
}

function Line({ parts }: { parts: readonly Inline[] }) {
  return <>{parts.map(drawInline)}</>;
}

function drawInline(part: Inline, key: number) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return <code key={key}>{part.text}</code>;
    case "strong":
      return <strong key={key}>{part.text}</strong>;
    case "emphasis":
      return <em key={key}>{part.text}</em>;
    case "struck":
      return <s key={key}>{part.text}</s>;
    case "link":
      return (
        <a key={key} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
          {part.text}
        </a>
      );
  }
}

function CodeBlock({ language, text }: { language: string; text: string }) {
  const copy = () =>
    navigator.clipboard?.writeText(text).then(
      () => showToast(t("message.copied")),
      () => {},
    );
  return (
    <div class="code-block">
      <div class="code-head">
        <span>{language}</span>
        <IconButton icon="copy" label={t("message.copy")} onClick={() => void copy()} />
      </div>
      <pre>
        <code>{text}</code>
      </pre>
    </div>
  );
}
