// Where messages are written. Enter sends, Shift+Enter breaks the line, Esc leaves a reply or an edit.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import type { Message } from "../../../client/base/wire.ts";
import { t } from "../base/prefs.ts";
import { textIn } from "../model/preview.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { readDraft, storeDraft } from "./drafts.ts";

/** Whether the user writes a new message, a reply or an edit. */
export type Writing =
  | { readonly kind: "new" }
  | { readonly kind: "reply"; readonly to: Message; readonly name: string }
  | { readonly kind: "edit"; readonly message: Message };

interface ComposerProps {
  sessionId: string;
  placeholder: string;
  maxChars: number;
  writing: Writing;
  onLeave: () => void;
  onSend: (text: string) => void;
  onTyping: () => void;
  /** Arrow up in an empty field. */
  onEditLast: () => void;
  /** Files that were pasted or dropped. */
  onFiles: (files: readonly File[]) => void;
  /** Before the field: what can be attached. */
  children?: ComponentChildren;
}

const maxHeightShare = 0.4;

export function Composer(props: ComposerProps) {
  const { sessionId, placeholder, maxChars, writing, onLeave, onSend, onTyping, onEditLast, onFiles, children } = props;
  const ref = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => readDraft(sessionId));
  const isEdit = writing.kind === "edit";
  const length = [...text.trim()].length;
  const isTooLong = length > maxChars;
  useLayoutEffect(() => grow(ref.current), [text]);
  useEffect(() => {
    setText(isEdit ? textIn(writing.message.content) : readDraft(sessionId));
    // On a phone the focus would open the keyboard.
    if (writing.kind !== "new" || matchMedia("(hover: hover)").matches) ref.current?.focus();
  }, [writing, sessionId]);
  const type = (next: string) => {
    setText(next);
    if (!isEdit) storeDraft(sessionId, next);
    if (next !== "") onTyping();
  };
  const send = () => {
    if (length === 0 || isTooLong) return;
    onSend(text.trim());
    setText("");
    if (!isEdit) storeDraft(sessionId, "");
    ref.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && writing.kind !== "new") {
      event.stopPropagation();
      onLeave();
    } else if (event.key === "ArrowUp" && text === "" && writing.kind === "new") {
      event.preventDefault();
      onEditLast();
    }
  };
  return (
    <form
      class="composer"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        const files = [...(event.dataTransfer?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        onFiles(files);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {writing.kind !== "new" && <About writing={writing} onLeave={onLeave} />}
      {isTooLong && <Notice kind="error">{t("thread.tooLong", { n: length, max: maxChars })}</Notice>}
      <div class="composer-row">
        {children}
        <textarea
          ref={ref}
          class="composer-text"
          rows={1}
          value={text}
          placeholder={placeholder}
          aria-label={placeholder}
          data-testid="composer"
          enterkeyhint="send"
          onInput={(event) => type(event.currentTarget.value)}
          onKeyDown={press}
          onPaste={(event) => {
            const files = [...(event.clipboardData?.files ?? [])];
            if (files.length === 0) return;
            event.preventDefault();
            onFiles(files);
          }}
        />
        <button
          type="submit"
          class="icon-button primary"
          aria-label={isEdit ? t("do.save") : t("thread.send")}
          title={isEdit ? t("do.save") : t("thread.send")}
          aria-disabled={length === 0 || isTooLong}
          data-testid="send"
        >
          <Icon name={isEdit ? "check" : "send"} />
        </button>
      </div>
    </form>
  );
}

function About({ writing, onLeave }: { writing: Exclude<Writing, { kind: "new" }>; onLeave: () => void }) {
  const isReply = writing.kind === "reply";
  const message = isReply ? writing.to : writing.message;
  return (
    <div class="composer-about">
      <Icon name={isReply ? "reply" : "edit"} isSmall />
      <span>
        <b>{isReply ? t("message.replyTo", { name: writing.name }) : t("message.editing")}</b>
        <small>{textIn(message.content)}</small>
      </span>
      <IconButton icon="close" label={t("do.cancel")} onClick={onLeave} />
    </div>
  );
}

/** As high as its text, up to a share of the screen. */
function grow(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, innerHeight * maxHeightShare)}px`;
}
