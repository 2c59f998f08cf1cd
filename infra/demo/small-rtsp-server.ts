/** A small RTSP 1.0 server for H.264 clips that loop forever: the demo's camera where GStreamer cannot be installed. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Clip, keyBefore, loadClip } from './h264-clip.ts';
import { RTP_CLOCK_HZ } from './rtp-packets.ts';
import { type Credentials, RtspAuth } from './rtsp-auth.ts';
import { h264Sdp, RtspConnection } from './rtsp-connection.ts';

export type RtspServerOptions = {
  /** 127.0.0.1 unless told otherwise. */
  host?: string;
  /** 0 or nothing: any free port. */
  port?: number;
  streams: { path: string; file: string }[];
  auth?: Credentials;
};

export type RtspServer = { readonly port: number; readonly urls: string[]; close(): Promise<void> };

/** How often clients are told the wall clock of a timestamp, ms. */
const REPORT_EVERY_MS = 5000;

/**
 * Serves each file under its path.
 * @throws Error when a file cannot be read as H.264 or the port is taken
 */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const { host = '127.0.0.1', port = 0, auth } = options;
  const channels = new Map<string, Channel>();
  for (const { path, file } of options.streams) {
    channels.set(`/${path.replace(/^\/+/, '')}`, new Channel(await loadClip(file)));
  }
  const server = await listenForRtsp(host, port, (socket) => {
    new RtspConnection(socket, {
      auth: auth && new RtspAuth(auth),
      describe: (path) => channels.get(path)?.sdp,
      onPlay: (connection) => channels.get(connection.path)?.add(connection),
      onGone: (connection) => channels.get(connection.path)?.remove(connection),
    });
  });
  for (const channel of channels.values()) channel.start();
  return {
    port: server.port,
    urls: [...channels.keys()].map((path) => `rtsp://${host}:${server.port}${path}`),
    async close() {
      for (const channel of channels.values()) channel.stop();
      await server.close();
    },
  };
}

/** A listening socket that remembers its connections, so that closing it leaves none behind. */
export async function listenForRtsp(
  host: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
      return closing;
    },
  };
}

/** One path: a clip that runs by the clock, watched or not, so that all clients see the same moment. */
class Channel {
  readonly sdp: string;
  readonly #clip: Clip;
  readonly #clients = new Set<RtspConnection>();
  #startedAt = 0;
  /** Pictures since the start; never reset by the loop, so that time stamps only grow. */
  #number = 0;
  #timer: NodeJS.Timeout | undefined;
  #reportedAt = 0;

  constructor(clip: Clip) {
    this.#clip = clip;
    this.sdp = h264Sdp(clip);
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#clients.clear();
  }

  /** A new client first gets what the running group of pictures has already shown: it need not wait for a key frame. */
  add(client: RtspConnection): void {
    const loop = this.#number - (this.#number % this.#clip.units.length);
    const last = this.#number - 1;
    if (last >= loop) {
      for (let n = loop + keyBefore(this.#clip, last - loop); n <= last; n++) this.#send(client, n);
    }
    this.#clients.add(client);
  }

  remove(client: RtspConnection): void {
    this.#clients.delete(client);
  }

  #tick(): void {
    const elapsed = ((performance.now() - this.#startedAt) * this.#clip.fps) / 1000;
    while (this.#number <= elapsed) {
      for (const client of this.#clients) this.#send(client, this.#number);
      this.#number++;
    }
    this.#report();
    const nextAt = this.#startedAt + (this.#number * 1000) / this.#clip.fps;
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, nextAt - performance.now()));
  }

  #send(client: RtspConnection, number: number): void {
    const unit = this.#clip.units[number % this.#clip.units.length];
    if (unit) client.send(unit.nals, (number * RTP_CLOCK_HZ) / this.#clip.fps, unit.key);
  }

  #report(): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    for (const client of this.#clients) client.report(((now - this.#startedAt) * RTP_CLOCK_HZ) / 1000);
  }
}
