/**
 * What a start goes without, as ingest and alerts do: a camera or receiver whose secret is missing. After a reboot that
 * nobody looks at, one such variable must not keep the whole site dark.
 */
import { cameraSource } from '../../shared/config/load.ts';
import type { ReceiverEndpoint } from '../../shared/config/receivers.ts';
import type { Camera, Config } from '../../shared/config/schema.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { SecretUrl } from '../../shared/runtime/secrets.ts';
import { type Endpoint, resolveEndpoint } from '../alerts/deliveries/endpoint.ts';

/** @throws HeadroomError with what to do, where the camera's address cannot be filled in */
export const sourceOf = (camera: Camera): SecretUrl => advised(() => cameraSource(camera), 'is not watched');

/** @throws HeadroomError with what to do, where a secret or file of the receiver is missing */
export const endpointOf = (receiver: ReceiverEndpoint): Endpoint =>
  advised(() => resolveEndpoint(receiver), 'hears of nothing');

/** All cameras and receivers that are gone without, each with why and what to do. */
export function leftOut({ cameras, deliveries }: Config): string[] {
  const opened = [
    ...cameras.map((camera) => () => sourceOf(camera)),
    ...deliveries.endpoints.map((receiver) => () => endpointOf(receiver)),
  ];
  return opened.flatMap((open) => {
    try {
      open();
      return [];
    } catch (error) {
      if (error instanceof HeadroomError) return [error.message];
      throw error;
    }
  });
}

function advised<Opened>(open: () => Opened, meanwhile: string): Opened {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof HeadroomError)) throw error;
    const advice = `Until that is mended and Headroom started again, it ${meanwhile}; the others go on.`;
    throw new HeadroomError(error.code, `${error.message} ${advice}`, { cause: error });
  }
}
