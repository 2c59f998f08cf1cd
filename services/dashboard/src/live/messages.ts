/**
 * What arrives on the socket, parsed where it enters the page. Uses the contract's own zod schema: a hand-written
 * guard would be a copy of the contract, and the schema leaves the bundle well below its budget.
 */
import { decodeHeatmap, type Heatmap } from '../../../../shared/contracts/heatmap.ts';
import { ServerMessage } from '../../../../shared/contracts/socket.ts';

export type Incoming =
  | { kind: 'message'; message: ServerMessage }
  | { kind: 'heatmap'; heatmap: Heatmap }
  /** A message of a kind this page does not know: a newer server. Harmless. */
  | { kind: 'unknown'; type: string }
  /** A message this page ought to understand and does not. What it was about must not be shown as live. */
  | { kind: 'broken'; problem: string };

const KNOWN_TYPES = new Set([
  ...['snapshot', 'reading', 'cameras', 'heartbeat', 'alerts', 'alert', 'drill', 'resumed', 'error'],
]);

export function parseIncoming(data: string | ArrayBuffer): Incoming {
  if (typeof data !== 'string') {
    try {
      return { kind: 'heatmap', heatmap: decodeHeatmap(new Uint8Array(data)) };
    } catch (error) {
      return { kind: 'broken', problem: error instanceof Error ? error.message : 'unreadable heat map' };
    }
  }
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { kind: 'broken', problem: 'not JSON' };
  }
  const type = typeOf(json);
  if (type === undefined) return { kind: 'broken', problem: 'no type' };
  if (!KNOWN_TYPES.has(type)) return { kind: 'unknown', type };
  const parsed = ServerMessage.safeParse(json);
  return parsed.success ? { kind: 'message', message: parsed.data } : { kind: 'broken', problem: `invalid ${type}` };
}

function typeOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('type' in json)) return undefined;
  return typeof json.type === 'string' ? json.type : undefined;
}
