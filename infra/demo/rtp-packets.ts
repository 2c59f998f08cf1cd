/** H.264 in RTP (RFC 6184, packetisation mode 1) and RTP in RTSP's own connection (RFC 2326, 10.12). */

/** RTP payload bytes a packet carries at most: fits Ethernet even though it travels over TCP here. */
const MAX_PAYLOAD_BYTES = 1400;
const PAYLOAD_TYPE = 96;
const FU_A = 28;
/** RTP's clock for video, ticks a second. */
export const RTP_CLOCK_HZ = 90_000;

/** Sequence numbers and identity of one RTP stream to one client. */
export class RtpStream {
  readonly ssrc: number;
  readonly #channel: number;
  #sequence: number;
  #packets = 0;
  #octets = 0;

  constructor(channel: number, ssrc: number, sequence: number) {
    this.#channel = channel;
    this.ssrc = ssrc >>> 0;
    this.#sequence = sequence & 0xffff;
  }

  /** Sequence number of the next packet. */
  get nextSequence(): number {
    return this.#sequence;
  }

  /** One picture as interleaved packets; the last carries the marker. @param timestamp RTP ticks, any number */
  picture(nals: readonly Buffer[], timestamp: number): Buffer {
    const packets: Buffer[] = [];
    nals.forEach((nal, index) => {
      const last = index === nals.length - 1;
      if (nal.length <= MAX_PAYLOAD_BYTES) packets.push(this.#packet([nal], timestamp, last));
      else packets.push(...this.#fragments(nal, timestamp, last));
    });
    return Buffer.concat(packets);
  }

  #fragments(nal: Buffer, timestamp: number, last: boolean): Buffer[] {
    const packets: Buffer[] = [];
    const header = nal[0] ?? 0;
    for (let from = 1; from < nal.length; from += MAX_PAYLOAD_BYTES - 2) {
      const part = nal.subarray(from, from + MAX_PAYLOAD_BYTES - 2);
      const isEnd = from + part.length >= nal.length;
      const fragment = Buffer.from([
        (header & 0xe0) | FU_A,
        (header & 0x1f) | (from === 1 ? 0x80 : 0) | (isEnd ? 0x40 : 0),
      ]);
      packets.push(this.#packet([fragment, part], timestamp, last && isEnd));
    }
    return packets;
  }

  #packet(payload: Buffer[], timestamp: number, marker: boolean): Buffer {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = PAYLOAD_TYPE | (marker ? 0x80 : 0);
    header.writeUInt16BE(this.#sequence, 2);
    header.writeUInt32BE(ticks(timestamp), 4);
    header.writeUInt32BE(this.ssrc, 8);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#packets++;
    for (const part of payload) this.#octets += part.length;
    return interleave(this.#channel, [header, ...payload]);
  }

  /** RTCP sender report: which wall clock time an RTP timestamp stands for. @param atMs Unix milliseconds */
  senderReport(timestamp: number, atMs: number): Buffer {
    const report = Buffer.alloc(28);
    report[0] = 0x80;
    report[1] = 200;
    report.writeUInt16BE(6, 2);
    report.writeUInt32BE(this.ssrc, 4);
    report.writeUInt32BE(Math.floor(atMs / 1000) + 2_208_988_800, 8); // seconds since 1900
    report.writeUInt32BE(Math.floor(((atMs % 1000) / 1000) * 2 ** 32), 12);
    report.writeUInt32BE(ticks(timestamp), 16);
    report.writeUInt32BE(this.#packets >>> 0, 20);
    report.writeUInt32BE(this.#octets >>> 0, 24);
    return interleave(this.#channel + 1, [report]);
  }
}

/** RTP time wraps at 2^32. */
function ticks(timestamp: number): number {
  const whole = Math.round(timestamp) % 2 ** 32;
  return whole < 0 ? whole + 2 ** 32 : whole;
}

function interleave(channel: number, parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([0x24, channel, length >> 8, length & 0xff]), ...parts]);
}
