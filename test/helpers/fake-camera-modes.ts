/** What a misbehaving camera puts on the wire, mode by mode. Pure apart from the dice. */
import { randomBytes, randomInt } from 'node:crypto';
import { type AccessUnit, type Clip, NAL, nalType } from '../../infra/demo/h264-clip.ts';
import { RTP_CLOCK_HZ } from '../../infra/demo/rtp-packets.ts';
import type { RtspReply } from '../../infra/demo/rtsp-connection.ts';

const FAKE_CAMERA_MODES = [
  'ok', // like any camera
  'hang', // connections stay open, nothing is sent, no request answered
  'drop', // connections are closed, and new ones at once
  'garbage', // NAL units with random content
  'bitflip', // one flipped bit in 2 % of the packets
  'resolution', // pictures of another size
  'reshape', // pictures of another shape: a square cut out of the middle
  'slow', // one picture a second
  'zero', // payload of zeros
  'no-keyframes', // only pictures that refer to others
  'flood', // 60 pictures a second
  'burst', // nothing for two seconds, then all at once
  'frozen', // the same picture again and again, time goes on
  'unauthorized', // 401 to everything, whatever the password
  'redirect', // 302 to another address
  'silent-options', // no reply to OPTIONS
  'silent-describe', // no reply to DESCRIBE
  'silent-setup', // no reply to SETUP
  'clock-jump', // time stamps jump once, by an hour unless told otherwise
] as const;

export type FakeCameraMode = (typeof FAKE_CAMERA_MODES)[number];

/** Share of packets that `bitflip` damages, and the bytes of a packet. */
const DAMAGED_SHARE = 0.02;
const PACKET_BYTES = 1400;
const FLOOD_FPS = 60;
const BURST_SECONDS = 2;

/** Modes in which running connections make no sense any more. */
export const CLOSING_MODES: ReadonlySet<FakeCameraMode> = new Set(['drop', 'unauthorized', 'redirect']);

/** The reply a mode gives to a request instead of the usual one. */
export function modeReply(mode: FakeCameraMode, method: string, redirectTo: string): RtspReply | 'silent' | undefined {
  if (mode === 'hang' || mode === `silent-${method.toLowerCase()}`) return 'silent';
  if (method === 'OPTIONS') return undefined;
  if (mode === 'redirect') return { status: 302, headers: { Location: redirectTo } };
  if (mode === 'unauthorized') {
    const nonce = randomBytes(8).toString('hex');
    return { status: 401, headers: { 'WWW-Authenticate': `Digest realm="camera", nonce="${nonce}"` } };
  }
  return undefined;
}

/** One picture on the wire. `ticks` is its RTP timestamp; `key`: a client may start here. */
export type WirePicture = { nals: readonly Buffer[]; ticks: number; key: boolean };

/** Hands out a clip's pictures for ever, as the mode wants them. */
export class PictureSource {
  #index = 0;
  #ticks = 0;
  #clip: Clip;

  constructor(clip: Clip) {
    this.#clip = clip;
  }

  /** Goes on with another clip, from its start. */
  use(clip: Clip): void {
    if (clip === this.#clip) return;
    this.#clip = clip;
    this.#index = 0;
  }

  /** The camera's clock is put forward or back. */
  jump(ms: number): void {
    this.#ticks += (ms * RTP_CLOCK_HZ) / 1000;
  }

  /** How long a mode waits before its next pictures, ms. */
  pause(mode: FakeCameraMode): number {
    if (mode === 'slow') return 1000;
    if (mode === 'flood') return 1000 / FLOOD_FPS;
    if (mode === 'burst') return BURST_SECONDS * 1000;
    return 1000 / this.#clip.fps;
  }

  /** The pictures that are now due. */
  next(mode: FakeCameraMode): WirePicture[] {
    const many = mode === 'burst' ? Math.round(BURST_SECONDS * this.#clip.fps) : 1;
    return Array.from({ length: many }, () => this.#picture(mode));
  }

  #picture(mode: FakeCameraMode): WirePicture {
    const unit = this.#unit(mode);
    const fps = mode === 'slow' ? 1 : mode === 'flood' ? FLOOD_FPS : this.#clip.fps;
    this.#ticks += RTP_CLOCK_HZ / fps;
    return { nals: distort(mode, unit.nals), ticks: this.#ticks, key: unit.key || !startsWithKey(mode) };
  }

  #unit(mode: FakeCameraMode): AccessUnit {
    const { units } = this.#clip;
    const wanted = (unit: AccessUnit) => (mode === 'slow' ? unit.key : mode === 'no-keyframes' ? !unit.key : true);
    if (mode === 'frozen') {
      // A decoder can take a key picture any number of times.
      while (!units[this.#index % units.length]?.key) this.#index--;
      return units[this.#index % units.length] as AccessUnit;
    }
    for (let tries = 0; tries < units.length; tries++) {
      const unit = units[this.#index++ % units.length] as AccessUnit;
      if (wanted(unit)) return unit;
    }
    return units[0] as AccessUnit;
  }
}

/** In these modes no picture is worth waiting for. */
function startsWithKey(mode: FakeCameraMode): boolean {
  return mode !== 'no-keyframes' && mode !== 'zero' && mode !== 'garbage';
}

/** A picture's NAL units as the mode damages them. */
export function distort(mode: FakeCameraMode, nals: readonly Buffer[]): readonly Buffer[] {
  if (mode === 'zero') return nals.map((nal) => Buffer.alloc(nal.length));
  if (mode === 'garbage') {
    // The headers stay: it looks like H.264 until it is decoded.
    return nals.map((nal) => Buffer.concat([nal.subarray(0, 1), randomBytes(Math.max(0, nal.length - 1))]));
  }
  if (mode === 'bitflip') return nals.map(flipSomeBits);
  return nals;
}

function flipSomeBits(nal: Buffer): Buffer {
  if (nalType(nal) !== NAL.slice && nalType(nal) !== NAL.idr) return nal;
  const damaged = Buffer.from(nal);
  for (let from = 1; from < nal.length; from += PACKET_BYTES) {
    if (Math.random() >= DAMAGED_SHARE) continue;
    const at = randomInt(from, Math.min(from + PACKET_BYTES, nal.length));
    damaged[at] = (damaged[at] ?? 0) ^ (1 << randomInt(8));
  }
  return damaged;
}
