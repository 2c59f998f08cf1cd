/** The live socket as an AsyncAPI 3.0 document, made from the very schemas the gateway uses. */
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { z } from 'zod';
import { CLOSE_CODES, ClientMessage, ServerMessage, SUBPROTOCOL } from '../../shared/contracts/socket.ts';
import { CLIENT_MESSAGES, HEATMAP, type MessageText, SERVER_MESSAGES } from './socket-messages.ts';

const DESCRIPTION = `Live counts of every camera, and alerts.

**Connecting.** Open a WebSocket on \`/ws\` and offer the subprotocol \`${SUBPROTOCOL}\`; without it the server answers
400. A browser's page must come from the gateway itself or from an origin in \`gateway.allowedOrigins\` (else 403). A
gateway that listens on its own machine alone answers 421 to other host names. A server that stops or is full answers
503.

**First message.** A \`snapshot\` of cameras and readings; \`alerts\` and \`drill\` follow. After a reconnect the next ones
replace all that was known.

**State, latest wins.** \`reading\`, \`cameras\`, \`heartbeat\` and heat maps tell a state, not a history. While a client
reads slowly, only the newest message of each kind and camera waits for it, and the older ones are skipped. A client
that does not read at all is cut off without a close frame; it reconnects and gets a snapshot.

**The alert log.** \`alert\` messages are the log of alert events: in order, each once, never skipped. Each carries
\`epoch\` and \`offset\`. After a reconnect send \`resume\` with the last ones seen; the missed events follow, then
\`resumed\`. Another epoch means another life of the database: nothing can be resumed then.

**Heartbeat.** A \`heartbeat\` comes every second, two at the latest. A client that hears none for longer must take every
number it shows as old. \`serverTime\` is the clock that \`capturedAt\` and \`since\` are measured by. The server also pings;
every WebSocket library answers by itself.

**No picture is no number.** Only a reading with status \`ok\` has a count. A client must not go on showing an earlier
count as live.

**Growth.** Fields and message types may be added within \`${SUBPROTOCOL}\`: ignore those you do not know. Instants are
milliseconds since 1970-01-01T00:00:00Z. A client may send 20 messages a second of at most 16 KiB.`;

/** What each close code means here. */
const CLOSE_CODE_TEXTS: Record<keyof typeof CLOSE_CODES, string> = {
  tooMany: 'The client sent too many messages within a second.',
};

const USUAL_CODES = { 1001: 'The server stops; reconnect.', 1009: 'The client sent a message that is too big.' };

/** The document as YAML. @throws Error on a message that socket-messages.ts does not describe */
export function asyncapiYaml(): string {
  const server = messagesOf(ServerMessage, SERVER_MESSAGES);
  const client = messagesOf(ClientMessage, CLIENT_MESSAGES);
  const refs = (names: string[], at: string) => names.map((name) => ({ $ref: `#/${at}/${name}` }));
  const sent = [...Object.keys(server), HEATMAP.name];
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Headroom live socket',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: '127.0.0.1:8080',
        protocol: 'ws',
        description: '`gateway.host` and `gateway.port` of headroom.yaml; wss behind a proxy with TLS.',
      },
    },
    channels: {
      live: {
        address: '/ws',
        title: 'Live socket',
        messages: Object.fromEntries(
          [...sent, ...Object.keys(client)].map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: {
          ws: {
            method: 'GET',
            headers: {
              type: 'object',
              required: ['Sec-WebSocket-Protocol'],
              properties: { 'Sec-WebSocket-Protocol': { type: 'string', const: SUBPROTOCOL } },
            },
            bindingVersion: '0.1.0',
          },
        },
        'x-subprotocol': SUBPROTOCOL,
        'x-close-codes': closeCodes(),
      },
    },
    operations: {
      sendState: {
        action: 'send',
        title: 'What the gateway sends',
        channel: { $ref: '#/channels/live' },
        messages: refs(sent, 'channels/live/messages'),
      },
      receiveRequest: {
        action: 'receive',
        title: 'What a client may send',
        channel: { $ref: '#/channels/live' },
        messages: refs(Object.keys(client), 'channels/live/messages'),
      },
    },
    components: { messages: { ...server, [HEATMAP.name]: heatmap(), ...client } },
  };
  const text = stringify(document, { aliasDuplicateObjects: false, blockQuote: 'literal', lineWidth: 120 });
  return `# Made by "npm run docs" from shared/contracts; do not edit.\n${text}`;
}

/** One AsyncAPI message per member of a union of messages. */
function messagesOf(union: z.ZodType, texts: Record<string, MessageText>): Record<string, object> {
  const unused = new Set(Object.keys(texts));
  const messages: Record<string, object> = {};
  for (const member of membersOf(union)) {
    const { $schema, ...payload } = z.toJSONSchema(member, { io: 'input', target: 'draft-7' });
    const key = keyOf(payload);
    const text = texts[key];
    if (!text) throw new Error(`socket-messages.ts does not describe the message "${key}"`);
    unused.delete(key);
    const { name, title, summary, examples } = text;
    messages[name] = { name, title, summary, contentType: 'application/json', payload, examples };
  }
  if (unused.size > 0) throw new Error(`socket-messages.ts describes what does not exist: ${[...unused].join(', ')}`);
  return messages;
}

/** The members of a union, unions inside it flattened. */
export function membersOf(schema: z.ZodType): z.ZodType[] {
  return schema instanceof z.ZodUnion ? (schema.options as z.ZodType[]).flatMap(membersOf) : [schema];
}

/** Tells messages apart: their type, and their status where they have one. */
function keyOf({ properties }: z.core.JSONSchema.BaseSchema): string {
  const words = ['type', 'status'].flatMap((field) => {
    const property = properties?.[field];
    if (property === undefined || typeof property === 'boolean') return [];
    return [[property.const, ...(property.enum ?? [])].filter((word) => word !== undefined).join('|')];
  });
  return words.join(' ');
}

function closeCodes(): Record<string, string> {
  const own = Object.entries(CLOSE_CODES).map(([name, code]) => [
    code,
    CLOSE_CODE_TEXTS[name as keyof typeof CLOSE_CODES],
  ]);
  return { ...USUAL_CODES, ...Object.fromEntries(own) };
}

/** The binary message. Its layout is quoted from the file that writes it. */
function heatmap(): object {
  const source = readFileSync(new URL('../../shared/contracts/heatmap.ts', import.meta.url), 'utf8');
  const comment = /\/\*\*\n([\s\S]*?)\n \*\//.exec(source)?.[1]?.replace(/^ \* ?/gm, '');
  if (!comment) throw new Error('heatmap.ts has lost the comment that describes its format');
  return {
    name: HEATMAP.name,
    title: HEATMAP.title,
    summary: HEATMAP.summary,
    description: comment,
    contentType: 'application/octet-stream',
    payload: { type: 'string', format: 'binary' },
    examples: [{ name: 'small', summary: 'Two by two cells and one head, base64.', payload: HEATMAP.exampleBase64 }],
  };
}
