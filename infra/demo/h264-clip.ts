/** A video file as H.264 access units in memory, ready to be sent as RTP. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Longest time ffmpeg may take to unpack a clip, ms. */
const UNPACK_DEADLINE_MS = 30_000;
const LARGEST_CLIP_BYTES = 512 * 1024 * 1024;

export const NAL = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, delimiter: 9 } as const;

/** One picture: its NAL units without start codes. `key`: a decoder can start here. */
export type AccessUnit = { readonly nals: readonly Buffer[]; readonly key: boolean };

export type Clip = {
  readonly fps: number;
  readonly units: readonly AccessUnit[];
  readonly sps: Buffer;
  readonly pps: Buffer;
};

/** NAL unit type, 0..31. */
export function nalType(nal: Buffer): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** Cuts an Annex-B byte stream at its start codes. */
function splitNals(stream: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let from = -1;
  let at = stream.indexOf('\x00\x00\x01', 0, 'latin1');
  while (at >= 0) {
    if (from >= 0) nals.push(trimZeros(stream.subarray(from, at)));
    from = at + 3;
    at = stream.indexOf('\x00\x00\x01', from, 'latin1');
  }
  if (from >= 0) nals.push(trimZeros(stream.subarray(from)));
  return nals.filter((nal) => nal.length > 0);
}

/** The zero before a four-byte start code belongs to the code. */
function trimZeros(nal: Buffer): Buffer {
  let end = nal.length;
  while (end > 0 && nal[end - 1] === 0) end--;
  return nal.subarray(0, end);
}

/** Groups NAL units into pictures at the access unit delimiters, which are dropped: RTP's marker bit replaces them. */
function groupUnits(nals: readonly Buffer[]): AccessUnit[] {
  const units: Buffer[][] = [];
  for (const nal of nals) {
    if (nalType(nal) === NAL.delimiter) units.push([]);
    else units.at(-1)?.push(nal);
  }
  return units
    .filter((unit) => unit.length > 0)
    .map((unit) => ({ nals: unit, key: unit.some((nal) => nalType(nal) === NAL.idr) }));
}

/**
 * Unpacks the first video stream of a file; nothing is encoded anew.
 * @throws Error when the file holds no H.264 that starts with a key frame, or ffmpeg is missing
 */
export async function loadClip(file: string): Promise<Clip> {
  const [probe, stream] = await Promise.all([
    run(
      'ffprobe',
      [
        '-v',
        'error',
        '-select_streams',
        'v:0',
        '-show_entries',
        'stream=codec_name,avg_frame_rate,r_frame_rate',
        '-of',
        'json',
        file,
      ],
      { timeout: UNPACK_DEADLINE_MS },
    ),
    run(
      'ffmpeg',
      [
        '-v',
        'error',
        '-nostdin',
        '-i',
        file,
        '-map',
        '0:v:0',
        '-c',
        'copy',
        '-bsf:v',
        annexB(file),
        '-f',
        'h264',
        'pipe:1',
      ],
      { timeout: UNPACK_DEADLINE_MS, maxBuffer: LARGEST_CLIP_BYTES, encoding: 'buffer' },
    ),
  ]);
  const info = (JSON.parse(probe.stdout) as { streams: Record<string, string>[] }).streams[0];
  if (info?.codec_name !== 'h264') throw new Error(`${file} holds no H.264 video`);
  const fps = frameRate(info.avg_frame_rate) || frameRate(info.r_frame_rate);
  const nals = splitNals(stream.stdout);
  const units = groupUnits(nals);
  const sps = nals.find((nal) => nalType(nal) === NAL.sps);
  const pps = nals.find((nal) => nalType(nal) === NAL.pps);
  if (!sps || !pps || !units[0]?.key || !fps)
    throw new Error(`${file} does not start with a key frame and its parameters`);
  return { fps, units, sps, pps };
}

/** Bit stream filters: start codes where the container has lengths, and a delimiter before every picture. */
function annexB(file: string): string {
  const delimit = 'h264_metadata=aud=insert';
  return /\.h?264$/.test(file) ? delimit : `h264_mp4toannexb,${delimit}`;
}

function frameRate(text = ''): number {
  const [count = 0, seconds = 1] = text.split('/').map(Number);
  return seconds > 0 ? count / seconds : 0;
}

/** Index of the key frame that a decoder needs to show unit `index`. */
export function keyBefore(clip: Clip, index: number): number {
  let key = index;
  while (key > 0 && !clip.units[key]?.key) key--;
  return key;
}
