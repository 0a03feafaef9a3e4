// One message: its sender, content, time and status.
import { Component, type ComponentChildren } from "preact";
import { formatClock, formatMoment } from "../base/format.ts";
import { locale, t } from "../base/prefs.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import type { OwnStatus } from "./status.ts";

interface MessageRowProps {
  rowKey: string;
  messageId: string | undefined;
  isOwn: boolean;
  isFirst: boolean;
  isLast: boolean;
  /** Of an own message. */
  status: OwnStatus | undefined;
  readCount?: number;
  senderId: string;
  /** Shown above the first message of a block; empty: not shown. */
  senderName: string;
  senderAvatar: string;
  isModel?: boolean;
  atMs: number;
  isEdited: boolean;
  isPinned?: boolean;
  /** Compared by identity: a message in another state is another content. */
  content: unknown;
  draw: () => ComponentChildren;
  below?: () => ComponentChildren;
  belowKey?: string;
  onMenu: ((at: { x: number; y: number }) => void) | undefined;
}

const icons: Record<OwnStatus, IconName> = {
  sending: "clock",
  sent: "check",
  delivered: "checks",
  read: "checks",
  failed: "alert",
};

const longPressMs = 450;

/** Drawn again only when its props change: a thread has hundreds of rows. */
export class MessageRow extends Component<MessageRowProps> {
  #press: ReturnType<typeof setTimeout> | undefined;

  override shouldComponentUpdate(next: MessageRowProps): boolean {
    const names = Object.keys(next) as (keyof MessageRowProps)[];
    return names.some((name) => typeof next[name] !== "function" && next[name] !== this.props[name]);
  }

  override render() {
    const { rowKey, messageId, isOwn, isFirst, isLast, status, senderName, isModel } = this.props;
    const side = isOwn ? "mine" : "theirs";
    const place = `${isFirst ? " first" : ""}${isLast ? " last" : ""}`;
    return (
      <article
        class={`message ${side}${place}${isModel ? " model" : ""}`}
        data-key={rowKey}
        data-testid="message"
        data-id={messageId}
        data-mine={String(isOwn)}
        data-status={status}
      >
        {!isOwn && this.#avatar()}
        <div class="message-body">
          {isFirst && senderName !== "" && !isOwn && <b class="message-sender">{senderName}</b>}
          <div class="bubble-line">
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the button beside it opens the same menu */}
            <div
              class={`bubble ${status === "failed" ? "failed" : ""}`}
              onContextMenu={this.#contextMenu}
              onTouchStart={this.#touch}
              onTouchEnd={this.#release}
              onTouchMove={this.#release}
            >
              {this.props.draw()}
              {this.#meta()}
            </div>
            {this.#more()}
          </div>
          {this.props.below?.()}
        </div>
      </article>
    );
  }

  #avatar() {
    const { isLast, senderId, senderName, senderAvatar, isModel } = this.props;
    if (senderAvatar === "none") return null;
    if (!isLast) return <span class="avatar-gap" />;
    return <Avatar id={senderId} name={senderName} src={senderAvatar} size="small" kind={isModel ? "model" : "user"} />;
  }

  #meta() {
    const { atMs, isEdited, isPinned, status, readCount = 0 } = this.props;
    const text = status && (readCount > 0 ? t("status.readBy", { n: readCount }) : t(`status.${status}`));
    return (
      <span class="message-meta" title={formatMoment(locale(), atMs)}>
        {isPinned && <Icon name="pin" isSmall />}
        {isEdited && <span>{t("thread.edited")}</span>}
        <time>{formatClock(locale(), atMs)}</time>
        {status && (
          <span class={`status ${status}`} role="img" aria-label={text} title={text}>
            <Icon name={icons[status]} isSmall />
            {readCount > 0 && <span aria-hidden="true">{readCount}</span>}
          </span>
        )}
      </span>
    );
  }

  #more() {
    if (!this.props.onMenu) return null;
    return (
      <button
        type="button"
        class="icon-button message-more"
        aria-label={t("message.more")}
        title={t("message.more")}
        data-testid="message-more"
        onClick={(event) => {
          const { left, bottom } = event.currentTarget.getBoundingClientRect();
          this.props.onMenu?.({ x: left, y: bottom });
        }}
      >
        <Icon name="down" isSmall />
      </button>
    );
  }

  /** iOS has no context menu of a long press. */
  #touch = ({ touches: [touch] }: TouchEvent) => {
    if (!touch) return;
    const at = { x: touch.clientX, y: touch.clientY };
    this.#press = setTimeout(() => this.props.onMenu?.(at), longPressMs);
  };

  #release = () => clearTimeout(this.#press);

  #contextMenu = (event: MouseEvent) => {
    // Selected text has the browser's own menu.
    if (!this.props.onMenu || String(getSelection() ?? "") !== "") return;
    event.preventDefault();
    this.#release();
    this.props.onMenu({ x: event.clientX, y: event.clientY });
  };
}
