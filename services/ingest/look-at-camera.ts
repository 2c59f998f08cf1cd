/** One short look at a camera: what it sends, or why it does not. The very ffmpeg session that keeps cameras watched. */
import type { ProbeResult } from '../../shared/contracts/probe.ts';
import { type SecretUrl, scrub } from '../../shared/runtime/secrets.ts';
import { ffmpegPlan } from './ffmpeg-args.ts';
import { startFfmpeg } from './ffmpeg-session.ts';
import { jpegSize } from './jpeg-splitter.ts';
import { readStderr } from './stderr-reader.ts';

const FIRST_PICTURE_MS = 12_000;
/** How long the rate is measured. */
const WATCH_MS = 3000;

export type Look = { result: ProbeResult; picture?: Buffer };

/**
 * Opens a camera for a few seconds, 18 at most. Never rejects for what the camera does.
 * @param watchMs how long its rate is measured; 0 is enough to know that there are pictures
 */
export async function lookAtCamera(source: SecretUrl, watchMs = WATCH_MS): Promise<Look> {
  const sampling = { sampleFps: 30, keyframesOnly: false, inferenceWidth: 'native' } as const;
  const plan = ffmpegPlan(sampling, source.reveal(), 'patient');
  const startedAt = performance.now();
  let picture: Buffer | undefined;
  let firstAt = 0;
  /** The pictures' times by the stream's clock, s: patient probing keeps three seconds of them and gives them at once. */
  const stampsS: number[] = [];
  let stream = '';
  /** What came before the look began is missing in the first pictures, until a key frame comes. */
  let whole: 'always' | 'not-yet' | 'by-now' = 'always';
  let size: { widthPx: number; heightPx: number } | undefined;
  let failure: Extract<ProbeResult, { ok: false }> | undefined;
  let seen: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const session = startFfmpeg(plan, {
    picture: (jpeg) => {
      if (!picture || whole === 'by-now') picture = jpeg;
      if (!firstAt) {
        firstAt = performance.now();
        seen();
      }
    },
    line: (text) => {
      const video = /Stream #0:\d+.*?: Video: (.*)/.exec(text);
      if (video && !stream) stream = scrub(video[1] as string);
      const fact = readStderr(text);
      if (fact.kind === 'decoded') stampsS.push(fact.streamS);
      if (fact.kind === 'missing-reference') whole = 'not-yet';
      if (fact.kind === 'keyframe' && whole === 'not-yet') whole = 'by-now';
      if (fact.kind === 'source-size') size = { widthPx: fact.widthPx, heightPx: fact.heightPx };
      if (fact.kind === 'failure') failure = { ok: false, code: fact.failure, detail: fact.detail };
    },
  });
  let ended = false;
  void session.exited.then(() => {
    ended = true;
  });
  const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
  await Promise.race([first, session.exited, after(FIRST_PICTURE_MS)]);
  const gone = ended;
  if (picture) await Promise.race([session.exited, after(watchMs)]);
  await session.stop();
  if (!picture) {
    const silent = gone
      ? ({ ok: false, code: 'ffmpeg-failed', detail: 'ffmpeg ended before the first picture.' } as const)
      : ({ ok: false, code: 'timeout', detail: 'The camera sent no picture within 12 seconds.' } as const);
    return { result: failure ?? silent };
  }
  const { widthPx, heightPx } = size ?? jpegSize(picture) ?? { widthPx: 1, heightPx: 1 };
  return {
    result: {
      ok: true,
      ...streamFacts(stream),
      widthPx,
      heightPx,
      measuredFps: rateOf(stampsS),
      firstPictureMs: Math.round(firstAt - startedAt),
    },
    picture,
  };
}

/** Pictures a second, to a tenth; 0 where there is no telling. Pure. */
export function rateOf(stampsS: readonly number[]): number {
  const seconds = (stampsS.at(-1) ?? 0) - (stampsS[0] ?? 0);
  return seconds > 0 ? Math.round((10 * (stampsS.length - 1)) / seconds) / 10 : 0;
}

/** From `h264 (High), yuv420p(tv, bt709), 1920x1080, 25 fps, 25 tbr, 90k tbn`. Pure. */
function streamFacts(stream: string): { codec: string; stream: string; declaredFps?: number } {
  const codec = /^\w+/.exec(stream)?.[0] ?? 'unknown';
  const fps = Number(/([\d.]+) fps/.exec(stream)?.[1]);
  return { codec, stream, ...(fps > 0 ? { declaredFps: fps } : {}) };
}
