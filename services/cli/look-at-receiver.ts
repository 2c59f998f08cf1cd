/** Whether a receiver of alerts can be reached, for `headroom doctor`: looked up and connected to; nothing is sent. */
import { isIP, type Socket, connect as tcpConnect } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { addressGuard } from '../alerts/deliveries/address-guard.ts';
import type { Endpoint } from '../alerts/deliveries/endpoint.ts';
import { wordOf } from '../alerts/deliveries/outcome.ts';

const TIMEOUT_MS = 5000;
const PORTS: Record<string, number> = { 'http:': 80, 'https:': 443, 'mqtt:': 1883, 'mqtts:': 8883 };

/** What the words of a failed delivery mean to whoever sets a receiver up. */
const ADVICE: Record<string, string> = {
  'address-blocked':
    'its address is private or reserved; if that is meant, name the address or its network in "allow" of this receiver',
  'name-not-found': 'its name cannot be found: check the spelling of url, and the DNS of this machine',
  refused: 'nothing listens there: start it, or correct the port in url',
  reset: 'the connection is cut off at once: check what stands before it (proxy, firewall)',
  unreachable: 'there is no way to it: check network and firewall',
  timeout: `no answer within ${TIMEOUT_MS / 1000} s: check network and firewall`,
  tls: 'no trusted TLS connection: check its certificate, its name and date, and that this port speaks TLS; an authority of your own is named by NODE_EXTRA_CA_CERTS=FILE when Headroom is started',
  failed: 'the connection failed',
};

/**
 * @returns what was found, without anything of the address but host and port
 * @throws HeadroomError RECEIVER_UNREACHABLE with what to do
 */
export async function lookAtReceiver(endpoint: Endpoint, timeoutMs = TIMEOUT_MS): Promise<string> {
  const url = new URL(endpoint.url.reveal());
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (PORTS[url.protocol] ?? 0);
  const secure = url.protocol === 'https:' || url.protocol === 'mqtts:';
  const where = `${endpoint.kind} at ${url.hostname}:${port}`;
  let socket: Socket | undefined;
  try {
    const guard = addressGuard(endpoint.allow);
    guard.check(url);
    const options = { host, port, lookup: guard.lookup };
    const tls = endpoint.kind === 'mqtt' ? endpoint.tls() : {};
    socket = secure
      ? tlsConnect({ ...options, ...(isIP(host) ? {} : { servername: host }), ...tls })
      : tcpConnect(options);
    await connected(socket, secure ? 'secureConnect' : 'connect', timeoutMs);
    return `${where}, ${secure ? tlsWords(socket as TLSSocket) : 'reached without TLS'}; nothing was sent`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const word = code === 'TIMEOUT' ? 'timeout' : wordOf(code);
    const said = word === 'tls' || word === 'failed' ? ` (${code ?? 'no reason given'})` : '';
    throw new HeadroomError('RECEIVER_UNREACHABLE', `${where}: ${ADVICE[word] ?? ADVICE.failed}${said}.`);
  } finally {
    socket?.destroy();
  }
}

function connected(socket: Socket, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })), timeoutMs);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
    // Stays until the socket is gone: what comes after the first error is of no interest.
    socket.on('error', (error) => end(() => reject(error)));
    socket.once('close', () => end(() => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))));
    socket.once(event, () => end(resolve));
  });
}

function tlsWords(socket: TLSSocket): string {
  const { valid_to: until } = socket.getPeerCertificate();
  const day = until ? new Date(until).toISOString().slice(0, 10) : undefined;
  return `${socket.getProtocol() ?? 'TLS'}${day ? `, certificate until ${day}` : ''}`;
}
