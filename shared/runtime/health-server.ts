/** `/healthz`, `/readyz` and `/metrics` of a service without a web server of its own. */
import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import { HeadroomError } from './errors.ts';
import type { Lifecycle } from './lifecycle.ts';

/**
 * Serves until the lifecycle closes.
 * @param port on all addresses, since the container's network is the boundary
 * @param ready whether the service's dependencies answer
 * @throws HeadroomError PORT_UNUSABLE
 */
export async function serveHealth(o: {
  port: number;
  registry: Registry;
  ready: () => boolean;
  lifecycle: Lifecycle;
}): Promise<void> {
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    if (request.url === '/healthz') answer(200, 'ok\n');
    else if (request.url === '/readyz') {
      const ready = o.ready() && !o.lifecycle.closing;
      answer(ready ? 200 : 503, ready ? 'ready\n' : 'not ready\n');
    } else if (request.url === '/metrics') answer(200, await o.registry.metrics(), o.registry.contentType);
    else answer(404, 'not found\n');
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(o.port, resolve)).catch(
    (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is taken' : (cause.code ?? cause.message);
      const message = `Cannot listen on port ${o.port}: ${why}. Choose another httpPort for this service.`;
      throw new HeadroomError('PORT_UNUSABLE', message, { cause });
    },
  );
  o.lifecycle.add('health server', server, () => {
    server.closeAllConnections();
    server.close();
  });
}
