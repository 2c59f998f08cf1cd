/** What ffmpeg is told for one camera. Pure: the whole plan can be compared in a test. */
import type { Camera } from '../../shared/config/schema.ts';

/** Widest picture that leaves ingest, px, unless a camera's settings ask for more: more than any model here looks at. */
const MAX_PICTURE_WIDTH_PX = 1280;

/** A file "camera" is played this many times before it counts as ended. */
const FILE_REPEATS = 1000;

export type FfmpegPlan = {
  /** ffconcat script for standard input. It holds the URL, so that credentials never stand in the process list. */
  script: string;
  inputOptions: string[];
  outputOptions: string[];
};

/** How hard ffmpeg looks at the stream before it decodes: `quick` needs parameter sets in the SDP, most have them. */
export type Probing = 'quick' | 'patient';

const PROTOCOLS: Record<string, string> = {
  rtsp: 'pipe,rtsp,tcp',
  rtsps: 'pipe,rtsp,tcp,tls',
  http: 'pipe,http,tcp',
  https: 'pipe,https,http,tcp,tls',
  file: 'pipe,file',
};

/**
 * Plans one ffmpeg run: URL in on standard input, JPEG pictures out on standard output at the sample rate.
 * @param url revealed camera address; its scheme decides which protocols ffmpeg may touch at all
 * @throws Error on a scheme that has no protocol list
 */
export function ffmpegPlan(
  camera: Pick<Camera, 'sampleFps' | 'keyframesOnly' | 'inferenceWidth' | 'farField'>,
  url: string,
  probing: Probing,
): FfmpegPlan {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase();
  const protocols = PROTOCOLS[scheme];
  if (!protocols) throw new Error(`no protocol list for scheme ${scheme}`);
  const rtsp = scheme === 'rtsp' || scheme === 'rtsps';
  const file = scheme === 'file';
  const quick = rtsp && probing === 'quick';

  const entry = [
    `file '${url.replaceAll("'", "'\\''")}'`,
    ...(rtsp ? ['option rtsp_transport tcp', 'option allowed_media_types video', 'option timeout 5000000'] : []),
    // Options of the command line reach the script's reader only; the camera's reader needs its own. Measured with a
    // keyframe a second: first picture after 2.9 s without these lines, 0.1 to 0.7 s with them.
    ...(quick ? ['option probesize 32', 'option analyzeduration 0'] : []),
  ].join('\n');
  return {
    script: `ffconcat version 1.0\n${Array.from({ length: file ? FILE_REPEATS : 1 }, () => entry).join('\n')}\n`,
    inputOptions: [
      '-hide_banner',
      '-nostdin',
      '-nostats',
      // "repeat": error rates are counted; "verbose": the line that tells the source's picture size.
      ...['-loglevel', 'repeat+level+verbose'],
      ...(file ? ['-re'] : []),
      ...(quick ? ['-probesize', '32', '-analyzeduration', '0'] : ['-analyzeduration', '3000000']),
      // More decoder threads would each hold back one frame.
      ...['-threads', '1'],
      ...(camera.keyframesOnly ? ['-skip_frame', 'nokey'] : []),
      ...['-f', 'concat', '-safe', '0', '-protocol_whitelist', protocols],
    ],
    outputOptions: [
      ...['-map', '0:v:0', '-an', '-sn', '-dn'],
      ...['-vf', `${sampling(camera.sampleFps)},${scaling(camera)}`],
      // What was picked is passed on as it is: a rate would repeat pictures of a slow camera, and drop those whose
      // clock has jumped.
      ...['-fps_mode', 'passthrough', '-threads', '1'],
      ...['-c:v', 'mjpeg', '-q:v', '2', '-huffman', 'default', '-f', 'image2pipe'],
    ],
  };
}

/**
 * Picks pictures by their own clock. A clock that jumps back picks at once instead of waiting for it to catch up.
 * The period is shortened by 5 % so that a camera of just this rate loses nothing to rounding. Whoever reads the messages
 * is told of every key frame, picked or not (-1: what was damaged before is whole again), and the clock of every picture that
 * was picked, s.
 */
function sampling(fps: number): string {
  const period = (0.95 / fps).toFixed(4);
  const picked = `isnan(prev_selected_t)+gte(t-prev_selected_t\\,${period})+lt(t\\,prev_selected_t)`;
  return `select='if(key\\,print(-1));st(0\\,${picked});if(ld(0)\\,print(t));ld(0)'`;
}

/** Never enlarges; JPEG's own colour matrix and range, so that colours come out as they were filmed. */
function scaling({ inferenceWidth, farField }: Pick<Camera, 'inferenceWidth' | 'farField'>): string {
  const wished = inferenceWidth === 'native' ? 0 : inferenceWidth;
  const widest = Math.max(MAX_PICTURE_WIDTH_PX, wished, farField?.maxWidth ?? 0);
  return `scale=w='min(${widest}\\,iw)':h=-2:out_color_matrix=bt601:out_range=pc:flags=bicubic,format=yuvj420p`;
}
