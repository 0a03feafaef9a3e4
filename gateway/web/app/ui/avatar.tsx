// The picture of a user, a group or a model; without one the first letter of the name on a color that the id gives.
import { Icon } from "./icons.tsx";

interface AvatarProps {
  id: string;
  name: string;
  src?: string;
  kind?: "user" | "group" | "model";
  size?: "small" | "medium" | "large";
  isOnline?: boolean;
}

const toneCount = 8;

export function Avatar({ id, name, src, kind = "user", size = "medium", isOnline }: AvatarProps) {
  return (
    <span class={`avatar ${size} ${kind === "model" ? "model" : `tone-${toneOf(id)}`}`} aria-hidden="true">
      {kind === "model" ? <Icon name="model" /> : src ? <img src={src} alt="" loading="lazy" /> : letterOf(name)}
      {isOnline && <span class="presence" />}
    </span>
  );
}

function letterOf(name: string): string {
  const [first = "·"] = new Intl.Segmenter().segment(name.trim())[Symbol.iterator]().next().value?.segment ?? "·";
  return first.toLocaleUpperCase();
}

function toneOf(id: string): number {
  let sum = 0;
  for (let index = 0; index < id.length; index += 1) sum = (sum * 31 + id.charCodeAt(index)) >>> 0;
  return (sum % toneCount) + 1;
}
