/** One client's RTSP conversation: requests in, replies and interleaved RTP out, over one TCP connection. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { RtpStream } from './rtp-packets.ts';
import type { RtspAuth } from './rtsp-auth.ts';

export type RtspRequest = { method: string; url: string; path: string; headers: Map<string, string> };
export type RtspReply = { status: number; headers?: Record<string, string>; body?: string };

/** What the server decides; the connection knows only the protocol. */
export type RtspHooks = {
  auth?: RtspAuth | undefined;
  /** A reply instead of the usual one, `silent` for none at all, undefined for the usual one. */
  intercept?(request: RtspRequest): RtspReply | 'silent' | undefined;
  /** The SDP of a path, undefined when nothing is there. */
  describe(path: string): string | undefined;
  onPlay(connection: RtspConnection): void;
  onGone(connection: RtspConnection): void;
};

const REASONS: Record<number, string> = {
  200: 'OK',
  302: 'Found',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
};
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN';
const SESSION_TIMEOUT_S = 60;
const MAX_REQUEST_BYTES = 16 * 1024;
/** A client with more than this waiting in its socket gets nothing new, bytes. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Below this it counts as having caught up, bytes. */
const DRAINED_BYTES = 32 * 1024;

export class RtspConnection {
  /** Path that was set up, '' before. */
  path = '';
  playing = false;
  readonly #socket: Socket;
  readonly #hooks: RtspHooks;
  readonly #session = randomBytes(8).toString('hex');
  #stream: RtpStream | undefined;
  #input: Buffer = Buffer.alloc(0);
  #waitsForKey = true;

  constructor(socket: Socket, hooks: RtspHooks) {
    this.#socket = socket;
    this.#hooks = hooks;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.playing = false;
      hooks.onGone(this);
    });
  }

  /**
   * Sends one picture. A client that reads too slowly misses pictures until the next key frame after its socket has
   * drained. @returns whether the picture was sent
   */
  send(nals: readonly Buffer[], timestamp: number, key: boolean): boolean {
    if (!this.playing || !this.#stream) return false;
    if (this.#socket.writableLength > MAX_WAITING_BYTES) this.#waitsForKey = true;
    if (this.#waitsForKey && (!key || this.#socket.writableLength > DRAINED_BYTES)) return false;
    this.#waitsForKey = false;
    this.#socket.write(this.#stream.picture(nals, timestamp));
    return true;
  }

  /** Lets pictures through that no decoder can start with. */
  sendWithoutKey(): void {
    this.#waitsForKey = false;
  }

  /** Tells the client which wall clock time a timestamp stands for. */
  report(timestamp: number): void {
    if (this.playing && this.#stream) this.#socket.write(this.#stream.senderReport(timestamp, Date.now()));
  }

  /** Ends the connection at once. */
  drop(): void {
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    this.#input = this.#input.length === 0 ? data : Buffer.concat([this.#input, data]);
    for (;;) {
      if (this.#input[0] === 0x24) {
        // The client's receiver reports: of no interest here.
        if (this.#input.length < 4 || this.#input.length < 4 + this.#input.readUInt16BE(2)) return;
        this.#input = this.#input.subarray(4 + this.#input.readUInt16BE(2));
        continue;
      }
      const end = this.#input.indexOf('\r\n\r\n');
      if (end < 0) {
        if (this.#input.length > MAX_REQUEST_BYTES) this.drop();
        return;
      }
      const request = parseRequest(this.#input.toString('latin1', 0, end));
      const bodyBytes = Number(request?.headers.get('content-length') ?? 0);
      if (!request || !(bodyBytes >= 0 && bodyBytes <= MAX_REQUEST_BYTES)) {
        this.drop();
        return;
      }
      if (this.#input.length < end + 4 + bodyBytes) return;
      this.#input = this.#input.subarray(end + 4 + bodyBytes);
      this.#answer(request);
    }
  }

  #answer(request: RtspRequest): void {
    const reply = this.#hooks.intercept?.(request) ?? this.#usualReply(request);
    if (reply === 'silent') return;
    const headers = { CSeq: request.headers.get('cseq') ?? '0', Server: 'Headroom demo', ...reply.headers };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    if (reply.body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(reply.body)}`);
    const head = `RTSP/1.0 ${reply.status} ${REASONS[reply.status] ?? 'Unknown'}\r\n${lines.join('\r\n')}\r\n\r\n`;
    this.#socket.write(head + (reply.body ?? ''));
    if (reply.status !== 200) return;
    if (request.method === 'PLAY' && !this.playing) {
      this.playing = true;
      this.#waitsForKey = true;
      this.#hooks.onPlay(this);
    } else if (request.method === 'PAUSE') {
      this.playing = false;
    } else if (request.method === 'TEARDOWN') {
      this.playing = false;
      this.#socket.end();
    }
  }

  #usualReply(request: RtspRequest): RtspReply {
    const { method, path, headers } = request;
    if (method === 'OPTIONS') return { status: 200, headers: { Public: METHODS } };
    const { auth } = this.#hooks;
    if (auth && !auth.accepts(method, headers.get('authorization'))) {
      return { status: 401, headers: { 'WWW-Authenticate': auth.challenge } };
    }
    if (method === 'DESCRIBE') {
      const body = this.#hooks.describe(path);
      if (body === undefined) return { status: 404 };
      const base = `${request.url.replace(/\/+$/, '')}/`;
      return { status: 200, headers: { 'Content-Base': base, 'Content-Type': 'application/sdp' }, body };
    }
    if (method === 'SETUP') return this.#setUp(request);
    if (!['PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER'].includes(method)) return { status: 501 };
    const session = { Session: this.#session };
    // Without a session a GET_PARAMETER is a mere ping.
    if (method === 'GET_PARAMETER' && !headers.has('session')) return { status: 200 };
    if (!this.#stream || headers.get('session')?.split(';')[0] !== this.#session) return { status: 454 };
    if (method !== 'PLAY') return { status: 200, headers: session };
    return { status: 200, headers: { ...session, Range: 'npt=now-' } };
  }

  #setUp({ path, headers }: RtspRequest): RtspReply {
    const stream = path.replace(/\/trackID=0$/, '');
    if (this.#hooks.describe(stream) === undefined) return { status: 404 };
    if (this.playing) return { status: 455 };
    const transport = headers.get('transport') ?? '';
    if (!/RTP\/AVP\/TCP/i.test(transport)) return { status: 461 };
    const channel = Number(/interleaved=(\d+)/.exec(transport)?.[1] ?? 0) & 0xfe;
    this.path = stream;
    this.#stream = new RtpStream(channel, randomInt(2 ** 32), randomInt(2 ** 16));
    const ssrc = this.#stream.ssrc.toString(16).padStart(8, '0');
    return {
      status: 200,
      headers: {
        Transport: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};ssrc=${ssrc}`,
        Session: `${this.#session};timeout=${SESSION_TIMEOUT_S}`,
      },
    };
  }
}

function parseRequest(head: string): RtspRequest | undefined {
  const [first = '', ...lines] = head.trimStart().split('\r\n');
  const [, method, url] = /^([A-Z_]+) (\S+) RTSP\/1\.\d$/.exec(first) ?? [];
  if (!method || !url) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const path = /^rtsps?:\/\/[^/]*(\/[^?]*)?/i.exec(url)?.[1] ?? '/';
  return { method, url, path: path.replace(/(.)\/+$/, '$1'), headers };
}

/** The SDP of one H.264 stream, with the parameter sets, so that clients can decode without looking for them. */
export function h264Sdp(clip: { sps: Buffer; pps: Buffer; fps: number }): string {
  const profile = clip.sps.subarray(1, 4).toString('hex').toUpperCase();
  const sets = `${clip.sps.toString('base64')},${clip.pps.toString('base64')}`;
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=Headroom demo',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    'm=video 0 RTP/AVP 96',
    'a=rtpmap:96 H264/90000',
    `a=fmtp:96 packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${sets}`,
    `a=framerate:${clip.fps}`,
    'a=control:trackID=0',
    '',
  ].join('\r\n');
}
