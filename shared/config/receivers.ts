/** Who hears of alerts: webhooks, Alertmanagers, MQTT brokers. Secrets are never in the file: they are read from the environment. */
import { z } from 'zod';
import { RaisedLevel } from '../contracts/alert.ts';
import { Id } from '../contracts/common.ts';

const Secret = z
  .string()
  .regex(/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/, 'write ${NAME}: the secret is read from the environment');

/** An address range such as `10.1.0.0/16` or `fd00::/8`, or one address. */
const Network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'must be an address or a network such as 10.1.0.0/16',
});

/** What every receiver has, of whatever kind. */
const common = {
  id: Id,
  minLevel: RaisedLevel.default('caution').describe('Alerts that never reach this level are not sent.'),
  escalationStep: z.int().min(0).max(9).default(0).describe('Hears of alerts from this step of escalation on.'),
  cameras: z.array(Id).max(1000).optional().describe('Only these cameras; all by default.'),
  heartbeatMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .optional()
    .describe(
      'Sends system.heartbeat this often while readings are judged: who misses it knows that Headroom is down.',
    ),
  allow: z
    .array(Network)
    .max(32)
    .default([])
    .describe('Private addresses that may be called. By default none: no one may aim Headroom at your inside.'),
};

const httpUrl = z
  .string()
  .min(1)
  .regex(/^https?:\/\//, 'must start with https:// (or http:// with allowHttp)')
  .describe('Secrets in it as ${NAME}.');
const allowHttp = z.boolean().default(false).describe('Allows an address without TLS.');

export const WebhookEndpoint = z.strictObject({
  kind: z.literal('webhook').default('webhook'),
  ...common,
  url: httpUrl,
  secrets: z.array(Secret).min(1).max(2).describe('whsec_ keys, the newest first; two while a key is changed.'),
  allowHttp,
});
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>;

export const AlertmanagerEndpoint = z.strictObject({
  kind: z.literal('alertmanager'),
  ...common,
  url: httpUrl.describe('Where Alertmanager is; /api/v2/alerts is added.'),
  allowHttp,
  basicAuth: z
    .strictObject({ username: z.string().min(1), password: Secret })
    .optional()
    .describe('User and password of the server or the proxy before it.'),
  bearer: Secret.optional().describe('A token instead of a password.'),
  repostMs: z
    .int()
    .min(1000)
    .max(240_000)
    .default(60_000)
    .describe('Running alerts are posted again this often: well before the resolve_timeout of Alertmanager (5 min).'),
  holdMs: z
    .int()
    .min(0)
    .max(7 * 86_400_000)
    .default(3_600_000)
    .describe(
      'How long Alertmanager keeps an alert of a Headroom that died. 0: its own resolve_timeout, which then reads as an all-clear.',
    ),
  dashboardUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where people open this dashboard, for links; gateway.publicUrl by default.'),
});
export type AlertmanagerEndpoint = z.infer<typeof AlertmanagerEndpoint>;

const topic = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^+#\s/$][^+#\s]*[^+#\s/]$|^[^+#\s/$]$/, 'a topic without +, #, spaces, $ or / at its ends');

export const MqttEndpoint = z.strictObject({
  kind: z.literal('mqtt'),
  ...common,
  url: z
    .string()
    .regex(/^mqtts?:\/\/[^/?#]+$/, 'must be mqtts://host[:port] (or mqtt:// with allowPlain)')
    .describe('The broker.'),
  allowPlain: z.boolean().default(false).describe('Allows mqtt:// without TLS.'),
  username: z.string().min(1).max(200).optional(),
  password: Secret.optional(),
  caFile: z.string().min(1).optional().describe('Certificate of the authority that signed the broker’s (PEM).'),
  certFile: z.string().min(1).optional().describe('Certificate Headroom shows to the broker (PEM); with keyFile.'),
  keyFile: z.string().min(1).optional(),
  topicPrefix: topic.default('headroom').describe('Every topic begins with it. Two Headrooms at one broker need two.'),
  homeAssistant: z.boolean().default(true).describe('Announces cameras as devices to Home Assistant.'),
  discoveryPrefix: topic.default('homeassistant'),
  countEveryMs: z.int().min(100).max(60_000).default(1000).describe('Counts of a camera go out at most this often.'),
});
export type MqttEndpoint = z.infer<typeof MqttEndpoint>;

export const ReceiverEndpoint = z.discriminatedUnion('kind', [WebhookEndpoint, AlertmanagerEndpoint, MqttEndpoint]);
export type ReceiverEndpoint = z.infer<typeof ReceiverEndpoint>;

export const ReceiverEndpoints = z
  .array(ReceiverEndpoint)
  .max(32)
  .default([])
  .superRefine((endpoints, ctx) => {
    for (const [index, endpoint] of endpoints.entries()) {
      const refuse = (field: string, message: string): void =>
        void ctx.addIssue({ code: 'custom', path: [index, field], message });
      if (endpoints.findIndex((other) => other.id === endpoint.id) !== index)
        refuse('id', 'is used twice; ids must differ');
      if (endpoint.kind === 'mqtt') {
        if (endpoint.url.startsWith('mqtt:') && !endpoint.allowPlain)
          refuse('url', 'is not mqtts; set allowPlain to allow it');
        if (endpoint.password && !endpoint.username) refuse('username', 'is needed with a password');
        if ((endpoint.certFile === undefined) !== (endpoint.keyFile === undefined))
          refuse('keyFile', 'certFile and keyFile go together');
        const same = (other: ReceiverEndpoint): boolean =>
          other.kind === 'mqtt' && other.url === endpoint.url && other.topicPrefix === endpoint.topicPrefix;
        if (endpoints.findIndex(same) !== index) refuse('topicPrefix', 'is used twice at this broker');
        continue;
      }
      if (endpoint.url.startsWith('http:') && !endpoint.allowHttp)
        refuse('url', 'is not https; set allowHttp to allow it');
      if (endpoint.kind === 'alertmanager' && endpoint.basicAuth && endpoint.bearer)
        refuse('bearer', 'give either basicAuth or bearer');
      if (endpoint.kind === 'alertmanager' && endpoint.holdMs > 0 && endpoint.holdMs < 2 * endpoint.repostMs)
        refuse('holdMs', 'must be 0 or at least twice repostMs');
    }
  });
