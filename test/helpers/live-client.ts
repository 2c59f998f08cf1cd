/** A client of the live socket that keeps what it hears and checks every message against the contract. */
import WebSocket from 'ws';
import { decodeHeatmap, type Heatmap } from '../../shared/contracts/heatmap.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { type ClientMessage, ServerMessage, SUBPROTOCOL } from '../../shared/contracts/socket.ts';
import { until } from './until.ts';

export type Heard<T> = { at: number; message: T };

export type LiveClient = {
  readonly socket: WebSocket;
  readonly messages: Heard<ServerMessage>[];
  readonly heatmaps: Heard<Heatmap>[];
  /** Readings of one camera in the order they came. */
  readings(cameraId: string): Heard<PublicReading>[];
  /** The first reading of the camera, heard from now on, that fits. */
  nextReading(
    cameraId: string,
    fits: (reading: PublicReading) => boolean,
    withinMs?: number,
  ): Promise<Heard<PublicReading>>;
  send(message: ClientMessage): void;
  close(): void;
};

/** @throws when the socket is refused, or later on a message that breaks the contract */
export async function connectLive(wsUrl: string, protocols: string[] = [SUBPROTOCOL]): Promise<LiveClient> {
  const socket = new WebSocket(wsUrl, protocols);
  const messages: Heard<ServerMessage>[] = [];
  const heatmaps: Heard<Heatmap>[] = [];
  socket.on('message', (data, isBinary) => {
    const at = Date.now();
    if (isBinary) heatmaps.push({ at, message: decodeHeatmap(data as Buffer) });
    else messages.push({ at, message: ServerMessage.parse(JSON.parse(String(data))) });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const readings = (cameraId: string) =>
    messages.filter(
      (heard): heard is Heard<PublicReading> => heard.message.type === 'reading' && heard.message.cameraId === cameraId,
    );
  return {
    socket,
    messages,
    heatmaps,
    readings,
    nextReading(cameraId, fits, withinMs) {
      const from = readings(cameraId).length;
      return until(
        `a fitting reading of ${cameraId}`,
        () =>
          readings(cameraId)
            .slice(from)
            .find(({ message }) => fits(message)),
        withinMs,
      );
    },
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.terminate(),
  };
}
