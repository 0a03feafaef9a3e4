// A device in a call, in a process of its own, which a test can kill. The device joins a room, plays a tone, and reports what it
// receives.
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from "@livekit/rtc-node";

export type ParticipantNews =
  | { type: "joined" }
  | { type: "refused"; reason: string }
  | { type: "hears"; from: string; loudness: number }
  | { type: "disconnected" };

const sampleRate = 48_000;
const frameSamples = sampleRate / 100;
const toneHz = 440;
const amplitude = 8_000;

const [url = "", token = "", plays = ""] = process.argv.slice(2);
const report = (news: ParticipantNews) => process.send?.(news);
const room = new Room();

room.on(RoomEvent.Disconnected, () => report({ type: "disconnected" }));
room.on(RoomEvent.TrackSubscribed, async (track, _, participant) => {
  for await (const frame of new AudioStream(track, { sampleRate, numChannels: 1 })) {
    report({ type: "hears", from: participant.identity, loudness: loudnessOf(frame.data) });
  }
});
process.on("disconnect", () => process.exit(0));

try {
  await room.connect(url, token, { autoSubscribe: true, dynacast: false });
  report({ type: "joined" });
  if (plays === "tone") await playTone();
} catch (error) {
  report({ type: "refused", reason: String(error) });
}

async function playTone(): Promise<void> {
  const source = new AudioSource(sampleRate, 1);
  const track = LocalAudioTrack.createAudioTrack("tone", source);
  const options = new TrackPublishOptions();
  options.source = TrackSource.SOURCE_MICROPHONE;
  await room.localParticipant?.publishTrack(track, options);
  for (let sample = 0; ; sample += frameSamples) {
    const data = new Int16Array(frameSamples);
    for (let n = 0; n < frameSamples; n += 1) {
      data[n] = amplitude * Math.sin((2 * Math.PI * toneHz * (sample + n)) / sampleRate);
    }
    await source.captureFrame(new AudioFrame(data, sampleRate, 1, frameSamples));
  }
}

/** Root mean square of the samples. */
function loudnessOf(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}
