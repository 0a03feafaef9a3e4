// A menu of actions at a button or at the pointer. Arrow keys move in it, Esc closes it, and the focus goes back.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

export interface MenuItem {
  readonly icon: IconName;
  readonly text: string;
  readonly isDanger?: boolean;
  readonly testId?: string;
  readonly act: () => void;
}

export interface QuickItem {
  readonly text: string;
  readonly label: string;
  readonly act: () => void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const edge = 8;

interface MenuProps {
  items: readonly MenuItem[];
  /** Above the items, side by side. */
  quick?: readonly QuickItem[];
  at: Point;
  label: string;
  onClose: () => void;
}

export function Menu({ items, quick = [], at, label, onClose }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = ref.current;
    if (!menu) return;
    const before = document.activeElement;
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(edge, Math.min(at.x, innerWidth - width - edge))}px`;
    menu.style.top = `${Math.max(edge, Math.min(at.y, innerHeight - height - edge))}px`;
    menu.querySelector("button")?.focus();
    return () => (before as HTMLElement | null)?.focus?.();
  }, []);
  useEffect(() => {
    const outside = (event: Event) => {
      if (!ref.current?.contains(event.target as Node)) onClose();
    };
    addEventListener("pointerdown", outside, true);
    addEventListener("resize", onClose);
    return () => {
      removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", onClose);
    };
  }, []);
  const move = (event: KeyboardEvent) => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      return onClose();
    }
    const buttons = [...(ref.current?.querySelectorAll("button") ?? [])];
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(index + step + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div ref={ref} class="menu" role="menu" aria-label={label} onKeyDown={move}>
      {quick.length > 0 && (
        <div class="menu-quick">
          {quick.map(({ text, label: name, act }) => (
            <button
              key={text}
              type="button"
              role="menuitem"
              aria-label={name}
              onClick={() => {
                onClose();
                act();
              }}
            >
              {text}
            </button>
          ))}
        </div>
      )}
      {items.map(({ icon, text, isDanger, testId, act }) => (
        <button
          key={text}
          type="button"
          role="menuitem"
          class={isDanger ? "danger" : ""}
          data-testid={testId}
          onClick={() => {
            onClose();
            act();
          }}
        >
          <Icon name={icon} />
          {text}
        </button>
      ))}
    </div>
  );
}

interface MenuButtonProps {
  icon: IconName;
  label: string;
  items: () => readonly MenuItem[];
  kind?: "primary" | "plain";
}

export function MenuButton({ icon, label, items, kind }: MenuButtonProps) {
  const [at, setAt] = useState<Point>();
  return (
    <>
      <IconButton
        icon={icon}
        label={label}
        kind={kind}
        onClick={(event) => {
          const { left, bottom } = (event.currentTarget as HTMLElement).getBoundingClientRect();
          setAt({ x: left, y: bottom + 4 });
        }}
      />
      {at && <Menu items={items()} at={at} label={label} onClose={() => setAt(undefined)} />}
    </>
  );
}
