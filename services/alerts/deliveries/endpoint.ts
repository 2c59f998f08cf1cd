/** A receiver with its secrets filled in. */
import type { WebhookEndpoint } from '../../../shared/config/alerts.ts';
import type { Config } from '../../../shared/config/schema.ts';
import { HeadroomError } from '../../../shared/runtime/errors.ts';
import { registerSecret, SecretUrl } from '../../../shared/runtime/secrets.ts';
import { webhookKey } from './signature.ts';

export type Endpoint = Omit<WebhookEndpoint, 'url' | 'secrets'> & { url: SecretUrl; keys: Buffer[] };

type Env = Record<string, string | undefined>;

/**
 * Reads the endpoints' secrets from the environment.
 * @throws HeadroomError ENDPOINT_SECRET_MISSING, WEBHOOK_SECRET_INVALID or ENDPOINT_URL_INVALID; never with a value
 */
export function resolveEndpoints(config: Pick<Config, 'deliveries'>, env: Env = process.env): Endpoint[] {
  return config.deliveries.endpoints.map(({ url, secrets, ...rest }) => {
    const fill = (text: string): string =>
      text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
        const value = env[name];
        if (!value) {
          throw new HeadroomError(
            'ENDPOINT_SECRET_MISSING',
            `Endpoint ${rest.id}: the environment variable ${name} is not set.`,
          );
        }
        registerSecret(value);
        return value;
      });
    const keys = secrets.map((secret) => webhookKey(fill(secret), `Endpoint ${rest.id}: ${secret}`));
    try {
      return { ...rest, url: new SecretUrl(fill(url)), keys };
    } catch (error) {
      if (error instanceof HeadroomError) throw error;
      throw new HeadroomError(
        'ENDPOINT_URL_INVALID',
        `Endpoint ${rest.id}: with its variables filled in, url is none.`,
      );
    }
  });
}
