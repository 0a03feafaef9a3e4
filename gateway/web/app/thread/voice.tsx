// Voice messages: played in place.
import { useEffect, useRef, useState } from "preact/hooks";
import { showFailure } from "../base/explain.ts";
import { formatDuration } from "../base/format.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Icon } from "../ui/icons.tsx";
import type { FileContent } from "./use-picture.ts";

interface VoiceMessageProps {
  desk: Desk;
  content: FileContent;
}

export function VoiceMessage({ desk, content: { url = "", duration = 0 } }: VoiceMessageProps) {
  const audio = useRef<HTMLAudioElement | undefined>(undefined);
  const [isPlaying, setPlaying] = useState(false);
  const [playedSeconds, setPlayed] = useState(0);
  useEffect(() => () => audio.current?.pause(), []);
  const toggle = async () => {
    try {
      audio.current ??= await load();
      if (isPlaying) audio.current.pause();
      else await audio.current.play();
    } catch (thrown) {
      showFailure(thrown);
    }
  };
  const load = async () => {
    const element = new Audio(await desk.pictures.load(url));
    element.onplay = () => setPlaying(true);
    element.onpause = () => setPlaying(false);
    element.ontimeupdate = () => setPlayed(element.currentTime);
    element.onended = () => setPlayed(0);
    return element;
  };
  const share = duration > 0 ? Math.min(1, playedSeconds / duration) : 0;
  return (
    <span class="voice" data-testid="message-voice">
      <button
        type="button"
        class="icon-button primary"
        aria-label={t(isPlaying ? "media.pause" : "media.play")}
        onClick={() => void toggle()}
      >
        <Icon name={isPlaying ? "pause" : "play"} />
      </button>
      <span class="voice-line" aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </span>
      <span>{formatDuration(playedSeconds > 0 ? playedSeconds : duration)}</span>
    </span>
  );
}
