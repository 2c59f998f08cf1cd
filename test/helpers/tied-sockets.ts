/** Both ends of a connection that a test stands between: the one goes when the other does. */
import type { Socket } from 'node:net';

/** @param open holds both as long as they are open */
export function tieSockets(near: Socket, far: Socket, open: Set<Socket>): void {
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    open.add(socket);
    socket.on('error', () => other.destroy());
    socket.on('close', () => {
      open.delete(socket);
      other.destroy();
    });
  }
}
