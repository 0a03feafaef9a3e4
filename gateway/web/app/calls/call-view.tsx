// A call: it rings, is answered, and ends. It stands above everything else of the page.
import { useEffect, useRef, useState } from "preact/hooks";
import { formatDuration } from "../base/format.ts";
import { t } from "../base/prefs.ts";
import { useSource } from "../base/use-source.ts";
import type { MediaRoom } from "../device/room.ts";
import type { Desk } from "../model/desk.ts";
import type { Phone, PhoneState } from "../model/phone.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button, IconButton } from "../ui/button.tsx";

export function CallView({ desk }: { desk: Desk }) {
  const phone = useSource(desk.phone);
  useSource(desk.people);
  const { state, peerId } = phone;
  if (state.kind === "quiet" || peerId === undefined) return null;
  const { name, avatar } = desk.people.get(peerId);
  const room = "room" in state ? state.room : undefined;
  const isFilm = room?.hasVideo === true;
  return (
    <section
      class={`call${isFilm ? " film" : ""}`}
      role="dialog"
      aria-label={t("call.with", { name })}
      data-testid="call"
    >
      {room && <Films phone={phone} room={room} />}
      <div class="call-peer">
        {!isFilm && <Avatar id={peerId} name={name} src={avatar} size="large" />}
        <h2>{name}</h2>
        <p role="status" data-testid="call-state" data-state={state.kind}>
          {state.kind === "talking" ? <Clock sinceMs={state.sinceMs} /> : t(`call.${state.kind}`)}
        </p>
      </div>
      <Controls phone={phone} state={state} />
    </section>
  );
}

function Controls({ phone, state }: { phone: Phone; state: PhoneState }) {
  if (state.kind === "incoming") {
    return (
      <div class="call-controls">
        <Button kind="danger" icon="close" testId="call-reject" onClick={() => void phone.end()}>
          {t("call.reject")}
        </Button>
        <Button kind="primary" icon="phone" testId="call-accept" onClick={() => void phone.accept()}>
          {t("call.accept")}
        </Button>
      </div>
    );
  }
  const hasRoom = "room" in state;
  return (
    <div class="call-controls">
      {hasRoom && (
        <IconButton
          icon="mic"
          label={t(phone.isMuted ? "call.unmute" : "call.mute")}
          isOn={phone.isMuted}
          onClick={() => void phone.mute(!phone.isMuted)}
        />
      )}
      {hasRoom && (
        <IconButton
          icon="video"
          label={t(phone.hasCamera ? "call.cameraOff" : "call.cameraOn")}
          isOn={!phone.hasCamera}
          onClick={() => void phone.film(!phone.hasCamera)}
        />
      )}
      <Button kind="danger" icon="phone" testId="call-end" onClick={() => void phone.end()}>
        {t("call.end")}
      </Button>
    </div>
  );
}

function Films({ phone, room }: { phone: Phone; room: MediaRoom }) {
  const other = useRef<HTMLVideoElement>(null);
  const own = useRef<HTMLVideoElement>(null);
  const { hasCamera } = phone;
  useEffect(() => {
    if (other.current) room.attach(other.current, "other");
    if (own.current) room.attach(own.current, "own");
  });
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: what is said has no captions */}
      {room.hasVideo && <video ref={other} class="call-film" data-testid="call-film" autoplay playsInline />}
      {hasCamera && <video ref={own} class="call-own" muted autoplay playsInline />}
    </>
  );
}

function Clock({ sinceMs }: { sinceMs: number }) {
  const [nowMs, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <>{formatDuration((nowMs - sinceMs) / 1_000)}</>;
}
