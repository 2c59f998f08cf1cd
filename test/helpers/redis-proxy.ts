/**
 * An address before Redis: as slow as asked, leading whoever connects anew to another server, as service addresses do, and
 * silent where asked, as a network is behind which a server lost its power.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestRedis } from './redis.ts';

export type RedisProxy = {
  /** `redis://…`, database 0. */
  readonly url: string;
  readonly framesUrl: string;
  /** Added to every round trip, ms. */
  delayMs: number;
  /** Where new connections lead. Those that are open stay where they are. */
  target: TestRedis;
  /** From now on the connections that are open carry nothing and are not closed either. New ones do. */
  silence(): void;
  close(): Promise<void>;
};

export async function startRedisProxy(target: TestRedis): Promise<RedisProxy> {
  const open = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  const server = createServer((near) => {
    const far = connect(new URL(proxy.target.url).pathname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      const waiting: Buffer[] = [];
      from.on('data', (data: Buffer) => {
        if (silent.has(from)) return;
        waiting.push(data);
        setTimeout(() => to.write(waiting.shift() as Buffer), proxy.delayMs / 2);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy: RedisProxy = {
    url: `${url}/0`,
    framesUrl: `${url}/1`,
    delayMs: 0,
    target,
    silence() {
      for (const socket of open) silent.add(socket);
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
