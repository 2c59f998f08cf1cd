/** An RTSP camera that misbehaves on request, built on the pieces of the demo's small RTSP server. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Clip, loadClip } from '../../infra/demo/h264-clip.ts';
import { RtspAuth } from '../../infra/demo/rtsp-auth.ts';
import { h264Sdp, RtspConnection } from '../../infra/demo/rtsp-connection.ts';
import { listenForRtsp } from '../../infra/demo/small-rtsp-server.ts';
import { CLOSING_MODES, type FakeCameraMode, modeReply, PictureSource, type WirePicture } from './fake-camera-modes.ts';

export type { FakeCameraMode } from './fake-camera-modes.ts';

export type FakeCameraOptions = {
  /** H.264 file it shows in a loop. */
  clip: string;
  mode?: FakeCameraMode;
  /** 0 or nothing: any free port. */
  port?: number;
  /** With a password, clients need it; the camera's `url` carries it. */
  user?: string;
  password?: string;
  /** Where `redirect` sends clients. */
  redirectTo?: string;
};

export type SetModeOptions = {
  /** Switch only after this time, ms. */
  afterMs?: number;
  /** What `clock-jump` adds to the time stamps, ms; negative to go back. */
  jumpMs?: number;
};

export type FakeCamera = {
  readonly url: string;
  readonly port: number;
  mode(): FakeCameraMode;
  /** Takes effect on running and new connections; resolves once it has. */
  setMode(mode: FakeCameraMode, options?: SetModeOptions): Promise<void>;
  /** Connections that are open now. */
  connections(): number;
  /** Connections and DESCRIBE requests since the start: how often somebody tried. */
  connectCount(): number;
  describeCount(): number;
  close(): Promise<void>;
};

const HOUR_MS = 3_600_000;
const PATH = '/camera';
/** What is done to the pictures of some modes; sizes unlike any usual stream's. */
const OTHER_PICTURES: Partial<Record<FakeCameraMode, string>> = { resolution: 'scale=488:-2', reshape: 'crop=ih:ih' };

/** @throws Error when the clip cannot be read or the port is taken */
export async function createFakeCamera(options: FakeCameraOptions): Promise<FakeCamera> {
  const camera = new Camera(await loadClip(options.clip), options);
  await camera.listen(options.port ?? 0);
  await camera.setMode(options.mode ?? 'ok');
  return camera;
}

class Camera implements FakeCamera {
  port = 0;
  readonly #options: FakeCameraOptions;
  readonly #auth: RtspAuth | undefined;
  readonly #clip: Clip;
  readonly #source: PictureSource;
  readonly #open = new Set<RtspConnection>();
  /** What has been sent since the last key picture: newcomers get it first. */
  #group: WirePicture[] = [];
  readonly #otherClips = new Map<string, Promise<Clip>>();
  #mode: FakeCameraMode = 'ok';
  #connects = 0;
  #describes = 0;
  #timer: NodeJS.Timeout | undefined;
  #switching = new AbortController();
  #nextAt = 0;
  #listener: { port: number; close(): Promise<void> } | undefined;

  constructor(clip: Clip, options: FakeCameraOptions) {
    this.#clip = clip;
    this.#options = options;
    this.#source = new PictureSource(clip);
    const { user, password } = options;
    if (user !== undefined && password !== undefined) this.#auth = new RtspAuth({ user, password });
  }

  get url(): string {
    const { user, password } = this.#options;
    const login = this.#auth ? `${encodeURIComponent(user ?? '')}:${encodeURIComponent(password ?? '')}@` : '';
    return `rtsp://${login}127.0.0.1:${this.port}${PATH}`;
  }

  mode(): FakeCameraMode {
    return this.#mode;
  }

  connections(): number {
    return this.#open.size;
  }

  connectCount(): number {
    return this.#connects;
  }

  describeCount(): number {
    return this.#describes;
  }

  async listen(port: number): Promise<void> {
    this.#listener = await listenForRtsp('127.0.0.1', port, (socket) => {
      this.#connects++;
      if (this.#mode === 'drop') {
        socket.destroy();
        return;
      }
      const connection = new RtspConnection(socket, {
        auth: this.#auth,
        intercept: ({ method }) => {
          if (method === 'DESCRIBE') this.#describes++;
          return modeReply(this.#mode, method, this.#options.redirectTo ?? this.url);
        },
        describe: (path) => (path === PATH ? h264Sdp(this.#clip) : undefined),
        onPlay: (client) => {
          for (const picture of this.#group) this.#send(client, picture);
        },
        onGone: (client) => this.#open.delete(client),
      });
      this.#open.add(connection);
    });
    this.port = this.#listener.port;
  }

  async setMode(mode: FakeCameraMode, { afterMs = 0, jumpMs = HOUR_MS }: SetModeOptions = {}): Promise<void> {
    const filter = OTHER_PICTURES[mode];
    const clip = filter === undefined ? this.#clip : await this.#other(filter);
    this.#switching.abort();
    this.#switching = new AbortController();
    const { signal } = this.#switching;
    await sleep(afterMs, undefined, { signal }).catch(() => {});
    // Another switch, or the end, came first.
    if (signal.aborted) return;
    this.#mode = mode;
    this.#group = [];
    this.#source.use(clip);
    if (mode === 'clock-jump') this.#source.jump(jumpMs);
    if (CLOSING_MODES.has(mode)) for (const client of this.#open) client.drop();
    clearTimeout(this.#timer);
    this.#nextAt = performance.now();
    this.#tick();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#switching.abort();
    await this.#listener?.close();
  }

  #tick(): void {
    if (this.#mode === 'hang' || this.#mode === 'drop') return;
    for (const picture of this.#source.next(this.#mode)) {
      if (picture.key) this.#group = [];
      this.#group.push(picture);
      for (const client of this.#open) this.#send(client, picture);
    }
    this.#nextAt = Math.max(this.#nextAt + this.#source.pause(this.#mode), performance.now() - 1000);
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.#nextAt - performance.now()));
  }

  #send(client: RtspConnection, { nals, ticks, key }: WirePicture): void {
    client.send(nals, ticks, key);
  }

  /** The same clip at another size, encoded when first asked for. */
  #other(filter: string): Promise<Clip> {
    const made = this.#otherClips.get(filter) ?? this.#filtered(filter);
    this.#otherClips.set(filter, made);
    return made;
  }

  async #filtered(filter: string): Promise<Clip> {
    const folder = await mkdtemp(join(tmpdir(), 'fake-camera-'));
    const out = join(folder, 'other.mp4');
    const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', String(Math.round(this.#clip.fps))];
    try {
      const input = ['-v', 'error', '-nostdin', '-i', this.#options.clip, '-t', '5'];
      await promisify(execFile)('ffmpeg', [...input, '-vf', filter, ...encode, out], { timeout: 30_000 });
      return await loadClip(out);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
