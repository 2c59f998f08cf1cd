/** Turns ffmpeg's messages into our own few words, once, at the edge. Pure. */
import type { SourceFailure } from '../../shared/contracts/camera.ts';

/** What one line of `-loglevel repeat+level+verbose` tells. */
export type StderrFact =
  | { kind: 'decode-error' }
  /** A picture before is lost, and grey stands for it. H.265 tells so once, however many pictures build on that. */
  | { kind: 'missing-reference' }
  /** From here on pictures build on nothing older. */
  | { kind: 'keyframe' }
  /** A picture left the decoder; its time by the stream's clock, s, NaN where the stream has none. */
  | { kind: 'decoded'; streamS: number }
  | { kind: 'source-size'; widthPx: number; heightPx: number }
  | { kind: 'failure'; failure: SourceFailure; detail: string }
  | { kind: 'problem' }
  | { kind: 'noise' };

const FAILURES: [RegExp, SourceFailure, string][] = [
  [
    /401 Unauthorized|403 Forbidden|authorization failed/i,
    'auth-failed',
    'The camera refused the user name or password.',
  ],
  [
    /404 Not Found|454 Session Not Found|Stream not found/i,
    'not-found',
    'The camera has no stream under this address.',
  ],
  [/Connection refused/i, 'refused', 'Nothing listens on the camera’s port.'],
  [/No route to host|Network is unreachable|Host is down/i, 'unreachable', 'The camera cannot be reached.'],
  [
    /Failed to resolve hostname|Name or service not known|Temporary failure in name resolution/i,
    'unreachable',
    'The camera’s host name is not known.',
  ],
  [/Connection timed out|Operation timed out/i, 'timeout', 'The camera did not answer in time.'],
  [
    /Protocol .* not on whitelist|not in whitelist/i,
    'forbidden-source',
    'The camera sent us to a protocol that is not allowed.',
  ],
  [
    /5\d\d (?:Internal|Service|Server|Not Implemented)|453 Not Enough Bandwidth/i,
    'refused',
    'The camera cannot serve another viewer now.',
  ],
  [/No such file or directory/i, 'not-found', 'There is no such file.'],
];

const DECODER = /^\[(?:h264|hevc|mjpeg|mpeg4|av1|vp8|vp9)[^\]]*\] \[(?:error|fatal|panic)\]/;
const DECODE_PROBLEM = /^\[(?:h264|hevc)[^\]]*\] \[(?:warning|info)\].*(?:concealing|corrupt|error)/i;
const MISSING_REFERENCE = /^\[hevc[^\]]*\] \[error\] Could not find ref/;
/** What the sampling prints (ffmpeg-args.ts). */
const PRINTED = /^(?:\[[^\]]*\] )?\[info\] (-?\d+\.\d{6}|-?nan)$/;
const KEYFRAME = '-1.000000';
const SOURCE_SIZE = /^\[graph \d+ input from stream [^\]]*\] \[verbose\] w:(\d+) h:(\d+)/;

export function readStderr(line: string): StderrFact {
  const size = SOURCE_SIZE.exec(line);
  if (size) return { kind: 'source-size', widthPx: Number(size[1]), heightPx: Number(size[2]) };
  const printed = PRINTED.exec(line)?.[1];
  if (printed) return printed === KEYFRAME ? { kind: 'keyframe' } : { kind: 'decoded', streamS: Number(printed) };
  if (MISSING_REFERENCE.test(line)) return { kind: 'missing-reference' };
  if (DECODER.test(line) || DECODE_PROBLEM.test(line)) return { kind: 'decode-error' };
  if (!/\[(?:warning|error|fatal|panic)\]/.test(line) || line.includes('deprecated pixel format'))
    return { kind: 'noise' };
  for (const [pattern, failure, detail] of FAILURES) {
    if (pattern.test(line)) return { kind: 'failure', failure, detail };
  }
  return { kind: 'problem' };
}
