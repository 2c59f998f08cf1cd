/** `headroom probe`: what a camera sends, seen through the very ffmpeg session that ingest uses. */
import { writeFile } from 'node:fs/promises';
import { cameraSource } from '../../shared/config/load.ts';
import { scrub } from '../../shared/runtime/secrets.ts';
import { ffmpegPlan } from '../ingest/ffmpeg-args.ts';
import { startFfmpeg } from '../ingest/ffmpeg-session.ts';
import { checkFfmpeg } from '../ingest/ffmpeg-version.ts';
import { jpegSize } from '../ingest/jpeg-splitter.ts';
import { readStderr } from '../ingest/stderr-reader.ts';

const FIRST_PICTURE_MS = 12_000;
const WATCH_MS = 3000;

export type ProbeResult =
  | {
      ok: true;
      stream: string;
      sourceSize: string;
      pictureSize: string;
      firstPictureMs: number;
      picturesPerSecond: number;
      picture: Buffer;
    }
  | { ok: false; reason: string };

/** Opens a camera for a few seconds. @throws HeadroomError when the address cannot be used or ffmpeg is missing */
export async function probeCamera(url: string, id = 'probe'): Promise<ProbeResult> {
  await checkFfmpeg();
  const source = cameraSource({ id, url });
  const plan = ffmpegPlan(
    { sampleFps: 30, keyframesOnly: false, inferenceWidth: 'native' },
    source.reveal(),
    'patient',
  );
  const startedAt = performance.now();
  let picture: Buffer | undefined;
  let firstAt = 0;
  let lastAt = 0;
  let pictures = 0;
  let stream = '';
  let sourceSize = '';
  let reason = '';
  let seen: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const session = startFfmpeg(plan, {
    picture: (jpeg) => {
      picture ??= jpeg;
      pictures++;
      lastAt = performance.now();
      if (pictures === 1) {
        firstAt = lastAt;
        seen();
      }
    },
    line: (text) => {
      const video = /Stream #0:\d+.*?: Video: (.*)/.exec(text);
      if (video && !stream) stream = scrub(video[1] as string);
      const fact = readStderr(text);
      if (fact.kind === 'source-size') sourceSize = `${fact.widthPx}×${fact.heightPx}`;
      if (fact.kind === 'failure') reason = fact.detail;
    },
  });
  const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
  await Promise.race([first, session.exited, after(FIRST_PICTURE_MS)]);
  if (picture) await Promise.race([session.exited, after(WATCH_MS)]);
  await session.stop();
  if (!picture) return { ok: false, reason: reason || 'The camera sent no picture within 12 seconds.' };
  const size = jpegSize(picture);
  return {
    ok: true,
    stream,
    sourceSize,
    pictureSize: size ? `${size.widthPx}×${size.heightPx}` : 'unknown',
    firstPictureMs: Math.round(firstAt - startedAt),
    picturesPerSecond: pictures > 1 ? Math.round((10 * 1000 * (pictures - 1)) / (lastAt - firstAt)) / 10 : 0,
    picture,
  };
}

/** @returns whether the camera gave a picture */
export async function runProbe(url: string, out: string | undefined): Promise<boolean> {
  const result = await probeCamera(url);
  if (!result.ok) {
    process.stderr.write(`no picture: ${result.reason}\n`);
    return false;
  }
  const { stream, sourceSize, pictureSize, firstPictureMs, picturesPerSecond } = result;
  process.stdout.write(
    `stream         ${stream}\nsource size    ${sourceSize}\npicture size   ${pictureSize}\nfirst picture  after ${firstPictureMs} ms\nrate           ${picturesPerSecond} pictures a second\n`,
  );
  if (out) await writeFile(out, result.picture);
  return true;
}
