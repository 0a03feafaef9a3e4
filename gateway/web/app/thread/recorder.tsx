// Records a voice message. It is sent when its user says so, and dropped otherwise.
import { useEffect, useRef, useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { formatDuration } from "../base/format.ts";
import { t } from "../base/prefs.ts";
import { IconButton } from "../ui/button.tsx";

interface RecorderProps {
  onDone: (file: File, seconds: number) => void;
}

/** A recording of this length ends by itself. */
const maxSeconds = 300;
const formats = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export function canRecord(): boolean {
  return typeof MediaRecorder !== "undefined" && navigator.mediaDevices !== undefined;
}

export function Recorder({ onDone }: RecorderProps) {
  const recorder = useRef<MediaRecorder | undefined>(undefined);
  const isWanted = useRef(false);
  const [seconds, setSeconds] = useState<number>();
  const stop = (send: boolean) => {
    isWanted.current = send;
    recorder.current?.stop();
  };
  useEffect(() => {
    if (seconds === undefined) return;
    if (seconds >= maxSeconds) return stop(true);
    const timer = setTimeout(() => setSeconds(seconds + 1), 1_000);
    return () => clearTimeout(timer);
  }, [seconds]);
  useEffect(() => () => stop(false), []);
  const start = async () => {
    try {
      recorder.current = await record((file, length) => {
        setSeconds(undefined);
        if (isWanted.current) onDone(file, length);
      });
      setSeconds(0);
    } catch {
      showToast(t("media.noMicrophone"), "error");
    }
  };
  if (seconds === undefined) {
    return <IconButton icon="mic" label={t("media.record")} testId="record" onClick={() => void start()} />;
  }
  return (
    <span class="recorder" role="status">
      <i aria-hidden="true" />
      <span>{formatDuration(seconds)}</span>
      <IconButton icon="trash" label={t("do.cancel")} onClick={() => stop(false)} />
      <IconButton icon="send" kind="primary" label={t("thread.send")} testId="record-send" onClick={() => stop(true)} />
    </span>
  );
}

async function record(done: (file: File, seconds: number) => void): Promise<MediaRecorder> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const mimeType = formats.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
  const parts: Blob[] = [];
  const startedMs = performance.now();
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = () => {
    for (const track of stream.getTracks()) track.stop();
    const [type = "audio/webm"] = recorder.mimeType.split(";");
    const seconds = Math.max(1, Math.round((performance.now() - startedMs) / 1_000));
    done(new File(parts, `voice.${type.split("/")[1]}`, { type }), seconds);
  };
  recorder.start();
  return recorder;
}
