/** Turns ffmpeg's messages into our own few words, once, at the edge. Pure. */
import type { SourceFailure } from '../../shared/contracts/camera.ts';

/** What one line of `-loglevel repeat+level+verbose` tells. */
export type StderrFact =
  | { kind: 'decode-error' }
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
const SOURCE_SIZE = /^\[graph \d+ input from stream [^\]]*\] \[verbose\] w:(\d+) h:(\d+)/;

export function readStderr(line: string): StderrFact {
  const size = SOURCE_SIZE.exec(line);
  if (size) return { kind: 'source-size', widthPx: Number(size[1]), heightPx: Number(size[2]) };
  if (DECODER.test(line) || DECODE_PROBLEM.test(line)) return { kind: 'decode-error' };
  if (!/\[(?:warning|error|fatal|panic)\]/.test(line) || line.includes('deprecated pixel format'))
    return { kind: 'noise' };
  for (const [pattern, failure, detail] of FAILURES) {
    if (pattern.test(line)) return { kind: 'failure', failure, detail };
  }
  return { kind: 'problem' };
}
