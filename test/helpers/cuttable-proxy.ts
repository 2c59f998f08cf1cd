/** A TCP proxy whose connections can be cut and refused, as a network between browser and server does. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tieSockets } from './tied-sockets.ts';

export type CuttableProxy = {
  readonly url: string;
  /** Cuts every connection and refuses new ones. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
};

export async function startCuttableProxy(target: string): Promise<CuttableProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let refusing = false;
  const server = createServer((near) => {
    if (refusing) return void near.resetAndDestroy();
    const far = connect(Number(port), hostname);
    tieSockets(near, far, open);
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      refusing = true;
      cutAll();
    },
    restore() {
      refusing = false;
    },
    async close() {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
