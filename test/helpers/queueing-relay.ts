/** A TCP relay before a camera whose queue fills: it takes everything at once and passes it on later and later. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tieSockets } from './tied-sockets.ts';

export type QueueingRelay = {
  readonly port: number;
  /** From now on what comes from the camera waits ever longer, `growth` ms a ms, up to `fullMs`, and stays there. */
  fill(fullMs: number, growth?: number): void;
  close(): Promise<void>;
};

export async function startQueueingRelay(cameraPort: number): Promise<QueueingRelay> {
  const open = new Set<Socket>();
  let filling = { fromMs: 0, fullMs: 0, growth: 1, since: 0 };
  const delayMs = () => Math.min(filling.fullMs, filling.fromMs + filling.growth * (performance.now() - filling.since));
  const server = createServer((client) => {
    const camera = connect(cameraPort, '127.0.0.1');
    client.pipe(camera);
    let lastAt = 0;
    camera.on('data', (data) => {
      // Never before what came first.
      lastAt = Math.max(lastAt, performance.now() + delayMs());
      setTimeout(() => client.write(data), Math.max(0, lastAt - performance.now()));
    });
    tieSockets(client, camera, open);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    fill(fullMs, growth = 0.5) {
      filling = { fromMs: delayMs(), fullMs, growth, since: performance.now() };
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
