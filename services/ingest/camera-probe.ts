/** Asks a camera whether it is there at all, much cheaper than starting ffmpeg. */
import net from 'node:net';
import tls from 'node:tls';
import type { SecretUrl } from '../../shared/runtime/secrets.ts';

/**
 * True when an RTSP server answers OPTIONS on the camera's port. Sends no credentials. Any answer counts, also a
 * refusal: the server is alive. A port that accepts and says nothing is not.
 * @param timeoutMs for the whole exchange
 */
export function answersRtsp(url: SecretUrl, timeoutMs: number): Promise<boolean> {
  const { hostname, port } = new URL(url.reveal());
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = url.scheme === 'rtsps';
  const target = { host, port: Number(port || (secure ? 322 : 554)) };
  return new Promise((resolve) => {
    const socket = secure ? tls.connect({ ...target, rejectUnauthorized: false }) : net.connect(target);
    const done = (alive: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(alive);
    };
    const timer = setTimeout(() => done(false), timeoutMs);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket.write(`OPTIONS rtsp://${hostname}:${target.port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Headroom\r\n\r\n`);
    });
    socket.once('data', (data) => done(String(data).startsWith('RTSP/')));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
