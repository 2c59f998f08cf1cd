/** Receivers with their secrets filled in. Secrets stand behind functions, so that nothing prints them by accident. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type {
  AlertmanagerEndpoint,
  MqttEndpoint,
  ReceiverEndpoint,
  WebhookEndpoint,
} from '../../../shared/config/receivers.ts';
import { HeadroomError } from '../../../shared/runtime/errors.ts';
import { registerSecret, SecretUrl } from '../../../shared/runtime/secrets.ts';
import { webhookKey } from './webhook/signature.ts';

type Resolved = {
  url: SecretUrl;
  /** Differs when anything does, secrets and files included. */
  fingerprint: string;
};
export type WebhookTarget = Omit<WebhookEndpoint, 'url' | 'secrets'> & Resolved & { keys: Buffer[] };
export type AlertmanagerTarget = Omit<AlertmanagerEndpoint, 'url' | 'basicAuth' | 'bearer'> &
  Resolved & {
    /** The `authorization` header. */
    authorization: (() => string) | undefined;
  };
export type MqttTarget = Omit<MqttEndpoint, 'url' | 'password' | 'caFile' | 'certFile' | 'keyFile'> &
  Resolved & { password: (() => string) | undefined; tls: () => { ca?: Buffer; cert?: Buffer; key?: Buffer } };
export type Endpoint = WebhookTarget | AlertmanagerTarget | MqttTarget;
/** A receiver that cannot be called as it is configured. */
export type UnusableEndpoint = ReceiverEndpoint & Pick<Resolved, 'fingerprint'> & { unusable: true };
export type AnyEndpoint = Endpoint | UnusableEndpoint;

type Env = Record<string, string | undefined>;

/** In place of one whose secrets or files are missing. */
export const unusable = (endpoint: ReceiverEndpoint): UnusableEndpoint => ({
  ...endpoint,
  fingerprint: 'unusable',
  unusable: true,
});

/**
 * Reads a receiver's secrets from the environment, and the certificates of a broker.
 * @throws HeadroomError ENDPOINT_SECRET_MISSING, WEBHOOK_SECRET_INVALID, ENDPOINT_URL_INVALID or
 * ENDPOINT_FILE_UNREADABLE; never with a value
 */
export function resolveEndpoint(endpoint: ReceiverEndpoint, env: Env = process.env): Endpoint {
  const named = `Endpoint ${endpoint.id}`;
  const seen = createHash('sha256').update(JSON.stringify(endpoint));
  const fill = (text: string): string =>
    text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const value = env[name];
      if (!value) {
        throw new HeadroomError('ENDPOINT_SECRET_MISSING', `${named}: the environment variable ${name} is not set.`);
      }
      registerSecret(value);
      seen.update(value);
      return value;
    });
  const url = (): SecretUrl => {
    const filled = fill(endpoint.url);
    try {
      return new SecretUrl(filled);
    } catch {
      throw new HeadroomError('ENDPOINT_URL_INVALID', `${named}: with its variables filled in, url is none.`);
    }
  };
  const file = (field: 'caFile' | 'certFile' | 'keyFile', path: string): Buffer => {
    try {
      const content = readFileSync(path);
      seen.update(content);
      return content;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new HeadroomError('ENDPOINT_FILE_UNREADABLE', `${named}: ${field} ${path} cannot be read (${code}).`);
    }
  };

  switch (endpoint.kind) {
    case 'webhook': {
      const { url: _, secrets, ...rest } = endpoint;
      const keys = secrets.map((secret) => webhookKey(fill(secret), `${named}: ${secret}`));
      return { ...rest, url: url(), keys, fingerprint: seen.digest('hex') };
    }
    case 'alertmanager': {
      const { url: _, basicAuth, bearer, ...rest } = endpoint;
      const header = basicAuth
        ? `Basic ${Buffer.from(`${fill(basicAuth.username)}:${fill(basicAuth.password)}`).toString('base64')}`
        : bearer && `Bearer ${fill(bearer)}`;
      if (header) registerSecret(header.slice(header.indexOf(' ') + 1));
      const authorization = header ? () => header : undefined;
      return { ...rest, url: url(), authorization, fingerprint: seen.digest('hex') };
    }
    case 'mqtt': {
      const { url: _, password, caFile, certFile, keyFile, ...rest } = endpoint;
      const secret = password && fill(password);
      const tls = {
        ...(caFile ? { ca: file('caFile', caFile) } : {}),
        ...(certFile ? { cert: file('certFile', certFile) } : {}),
        ...(keyFile ? { key: file('keyFile', keyFile) } : {}),
      };
      return {
        ...rest,
        ...(rest.username ? { username: fill(rest.username) } : {}),
        url: url(),
        password: secret ? () => secret : undefined,
        tls: () => tls,
        fingerprint: seen.digest('hex'),
      };
    }
  }
}
