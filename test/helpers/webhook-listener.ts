/** A real receiver on loopback that checks every signature with the reference library, and can misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type Received = {
  id: string;
  timestampS: number;
  at: number;
  body: string;
  /** Parsed by the reference library once the signature was found right. */
  message: { type: string; timestamp: string; data: Record<string, unknown> } & Record<string, unknown>;
  headers: IncomingMessage['headers'];
};

export type Behaviour =
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  | { kind: 'slow'; ms: number }
  | { kind: 'reset' }
  | { kind: 'reset-mid-body' }
  | { kind: 'huge' }
  | { kind: 'never-ending'; status: number };

export type WebhookListener = {
  readonly url: string;
  readonly port: number;
  /** All requests, also those answered with an error. */
  readonly received: Received[];
  /** Requests whose signature was wrong. */
  readonly forged: string[];
  /** What the following requests meet; each use takes one, the last stays. */
  behave(...behaviours: Behaviour[]): void;
  close(): Promise<void>;
};

/** @param secrets keys a receiver knows: any one that fits will do */
export async function startListener(...secrets: string[]): Promise<WebhookListener> {
  const received: Received[] = [];
  const forged: string[] = [];
  let behaviours: Behaviour[] = [{ kind: 'status', status: 204 }];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const headers = request.headers as Record<string, string>;
      const message = verify(secrets, body, headers);
      if (message) {
        const id = headers['webhook-id'] ?? '';
        const timestampS = Number(headers['webhook-timestamp']);
        received.push({ id, timestampS, at: Date.now(), body, message, headers: request.headers });
      } else forged.push(body);
      const [now, ...later] = behaviours;
      if (later.length > 0) behaviours = later;
      answer(now ?? { kind: 'status', status: 204 }, request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    forged,
    behave(...next) {
      behaviours = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function verify(secrets: string[], body: string, headers: Record<string, string>): Received['message'] | undefined {
  for (const secret of secrets) {
    try {
      return new Webhook(secret).verify(body, headers) as Received['message'];
    } catch {
      // The next key may fit.
    }
  }
  return undefined;
}

function answer(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): void {
  switch (behaviour.kind) {
    case 'status':
      response.writeHead(behaviour.status, behaviour.headers).end();
      return;
    case 'slow':
      setTimeout(() => response.writeHead(204).end(), behaviour.ms).unref();
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'reset-mid-body':
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half');
      setTimeout(() => request.socket.resetAndDestroy(), 20);
      return;
    case 'never-ending':
      response.writeHead(behaviour.status).write('on');
      return;
    case 'huge': {
      response.writeHead(200);
      const block = Buffer.alloc(64 * 1024);
      const pour = (): void => {
        while (!response.destroyed && response.write(block)) {
          // Until the receiver of the answer has had enough.
        }
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    }
  }
}
