// Films and sounds, by ffmpeg and ffprobe where they are in PATH. Each runs as a child process, one at a time, with a limit on
// its time and its output. Only containers of films are opened, and only files: a film cannot make the program read an address
// or another file.
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FilmFacts, Films } from "../../actors/file/contents.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { Gate } from "../../actors/shared/gate.ts";
import { piecesAtMost } from "../system/read-at-most.ts";
import { type Programs, run } from "./child.ts";

/** Programs at a time: each may use a core for minutes. */
const filmsAtOnce = 1;
const probeMs = 30_000;
const coverMs = 60_000;
const transcodeMs = 1_500_000;
/** Longer side of a film that is written anew. */
const maxSide = 1_280;
const coverSide = 640;
/** Of what one program prints. */
const maxPrintedBytes = 1_024 * 1_024;

const containers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,asf,wav,mp3,flac,aac,amr,caf";
const confined = ["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", containers];
/** What browsers play. */
const playedTypes: ReadonlySet<string> = new Set(["video/mp4", "video/webm"]);
const playedCodecs: ReadonlySet<string> = new Set(["h264", "vp8", "vp9", "av1"]);

interface Probe {
  width?: number;
  height?: number;
  durationMs?: number;
  codec?: string;
}
type Film = Parameters<Films["inspect"]>[1];

/** `programs`: undefined where the host has none. */
export function createFilms(programs: Programs | undefined): Films {
  const gate = new Gate(filmsAtOnce);
  return {
    async inspect(bytes, film, use) {
      if (!programs) return use(undefined);
      const { maxBytes } = film;
      const tooLarge = () => new DomainError("file.too_large", { details: { maxBytes } });
      return gate.run(async () => {
        const folder = await mkdtemp(join(tmpdir(), "parley-film-"));
        try {
          const source = join(folder, "source");
          await writeFile(source, piecesAtMost(bytes, maxBytes, tooLarge), { flag: "wx", mode: 0o600 });
          return await use(await factsOf(programs, { source, folder }, film));
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      });
    },
  };
}

async function factsOf(
  programs: Programs,
  { source, folder }: { source: string; folder: string },
  film: Film,
): Promise<FilmFacts | undefined> {
  const probe = await probeOf(programs, source, film.signal);
  if (!probe) return undefined;
  const { codec, ...facts } = probe;
  if (codec === undefined) return facts;
  film.report("cover", 0);
  const cover = await coverOf(programs, { source, folder, probe }, film.signal);
  const isPlayed = playedTypes.has(film.mime) && playedCodecs.has(codec);
  const written = isPlayed ? undefined : await transcode(programs, { source, folder, probe }, film);
  return { ...facts, ...(cover && { cover }), ...written };
}

async function probeOf({ ffprobe }: Programs, source: string, signal: AbortSignal): Promise<Probe | undefined> {
  const shown = ["-print_format", "json", "-show_format", "-show_streams"];
  const limits = { timeoutMs: probeMs, maxPrintedBytes, signal };
  const printed = await run(ffprobe, [...confined, ...shown, source], limits);
  if (printed === undefined) return undefined;
  const { streams = [], format = {} } = JSON.parse(printed.toString("utf8")) as {
    streams?: Stream[];
    format?: { duration?: string };
  };
  const durationMs = Math.round(Number(format.duration) * 1_000);
  const picture = streams.find(({ codec_type }) => codec_type === "video");
  return {
    ...(Number.isFinite(durationMs) && durationMs >= 0 && { durationMs }),
    ...(picture?.width && picture.height && { ...seen(picture), codec: picture.codec_name ?? "" }),
  };
}
interface Stream {
  codec_type?: string;
  codec_name?: string;
  width?: number;
  height?: number;
  side_data_list?: { rotation?: number }[];
}

/** A phone that was held upright stores a rotation beside the picture. */
function seen({ width = 0, height = 0, side_data_list = [] }: Stream): { width: number; height: number } {
  const turn = side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0;
  return Math.abs(turn) % 180 === 90 ? { width: height, height: width } : { width, height };
}

interface Made {
  source: string;
  folder: string;
  probe: Probe;
}

async function coverOf({ ffmpeg }: Programs, { source, folder, probe }: Made, signal: AbortSignal) {
  const path = join(folder, "cover.png");
  const at = Math.min(1, (probe.durationMs ?? 0) / 10_000);
  const scale = `scale=w=${coverSide}:h=${coverSide}:force_original_aspect_ratio=decrease`;
  const args = [...confined, "-ss", String(at), "-i", source, "-frames:v", "1", "-vf", scale, "-threads", "1", path];
  const done = await run(ffmpeg, args, { timeoutMs: coverMs, maxPrintedBytes, signal });
  return done && readFile(path).catch(() => undefined);
}

/** An MP4 that every browser plays. A film that cannot be written anew stays as it is. */
async function transcode(
  programs: Programs,
  { source, folder, probe }: Made,
  { maxBytes, signal, report }: Film,
): Promise<Pick<FilmFacts, "film" | "width" | "height"> | undefined> {
  const path = join(folder, "film.mp4");
  const even = `scale=w='min(${maxSide},iw)':h='min(${maxSide},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2`;
  const picture = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-pix_fmt", "yuv420p", "-vf", even];
  const sound = ["-c:a", "aac", "-b:a", "128k", "-ac", "2"];
  const output = [
    "-map",
    "0:v:0",
    "-map",
    "0:a:0?",
    "-movflags",
    "+faststart",
    "-fs",
    String(maxBytes),
    "-threads",
    "1",
  ];
  const args = [...confined, "-i", source, ...picture, ...sound, ...output, "-progress", "pipe:1", path];
  const printed = (text: string) => {
    const doneUs = Number(/out_time_us=(\d+)/.exec(text)?.[1]);
    if (probe.durationMs && doneUs >= 0)
      report("transcoding", Math.min(99, Math.floor(doneUs / probe.durationMs / 10)));
  };
  report("transcoding", 0);
  if (!(await run(programs.ffmpeg, args, { timeoutMs: transcodeMs, maxPrintedBytes, signal, printed })))
    return undefined;
  if ((await stat(path)).size === 0) return undefined;
  const { width, height } = (await probeOf(programs, path, signal)) ?? {};
  report("transcoding", 100);
  const film = { mime: "video/mp4", bytes: createReadStream(path) };
  return { film, ...(width !== undefined && { width, height }) };
}
