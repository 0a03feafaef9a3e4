// The media of a call. LiveKit's client is loaded when the first call begins.

interface RoomEvents {
  /** Tracks came or went: `attach` shows them. */
  changed(): void;
  /** The room is gone: the other side has left, or the connection was lost for good. */
  left(): void;
}

export interface MediaRoom {
  /** Of the other side. */
  readonly hasVideo: boolean;
  attach(element: HTMLVideoElement, side: "own" | "other"): void;
  mute(isMuted: boolean): Promise<void>;
  film(isOn: boolean): Promise<void>;
  leave(): Promise<void>;
}

interface JoinOptions extends RoomEvents {
  readonly url: string;
  readonly token: string;
  readonly hasCamera: boolean;
}

export async function joinRoom({ url, token, hasCamera, changed, left }: JoinOptions): Promise<MediaRoom> {
  const { LogLevel, Room, RoomEvent, setLogLevel, Track } = await import("livekit-client");
  setLogLevel(LogLevel.warn);
  const room = new Room({ adaptiveStream: true, dynacast: true });
  const sounds = new Set<HTMLMediaElement>();
  room.on(RoomEvent.TrackSubscribed, (track) => {
    if (track.kind === Track.Kind.Audio) sounds.add(track.attach());
    changed();
  });
  for (const event of [RoomEvent.TrackUnsubscribed, RoomEvent.TrackMuted, RoomEvent.TrackUnmuted] as const) {
    room.on(event, changed);
  }
  room.on(RoomEvent.LocalTrackPublished, changed);
  room.on(RoomEvent.LocalTrackUnpublished, changed);
  room.on(RoomEvent.Disconnected, left);
  await room.connect(url, token);
  await room.localParticipant.setMicrophoneEnabled(true);
  if (hasCamera) await room.localParticipant.setCameraEnabled(true).catch(() => {}); // a call without a camera is heard
  const otherFilm = () =>
    [...room.remoteParticipants.values()].flatMap(
      (each) => each.getTrackPublication(Track.Source.Camera)?.videoTrack ?? [],
    )[0];
  return {
    get hasVideo() {
      const film = otherFilm();
      return film !== undefined && !film.isMuted;
    },
    attach(element, side) {
      const own = room.localParticipant.getTrackPublication(Track.Source.Camera)?.videoTrack;
      (side === "own" ? own : otherFilm())?.attach(element);
    },
    mute: async (isMuted) => void (await room.localParticipant.setMicrophoneEnabled(!isMuted)),
    film: async (isOn) => void (await room.localParticipant.setCameraEnabled(isOn)),
    async leave() {
      for (const sound of sounds) sound.remove();
      await room.disconnect();
    },
  };
}
