/** The documents made from the schemas: up to date, valid by their standards, and true of the schemas. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import asyncapiSpecs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { membersOf } from '../../infra/scripts/asyncapi-document.ts';
import { generatedDocuments } from '../../infra/scripts/generate-docs.ts';
import { Config } from '../../shared/config/schema.ts';
import { decodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { CLOSE_CODES, ClientMessage, ServerMessage, SUBPROTOCOL } from '../../shared/contracts/socket.ts';
import { openapiFaults, resolve } from '../helpers/openapi-rules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const committed = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

type Message = { contentType: string; payload: object; examples: { name: string; payload: unknown }[] };
type AsyncApi = {
  channels: { live: { 'x-close-codes': Record<string, string>; 'x-subprotocol': string } };
  operations: Record<'sendState' | 'receiveRequest', { messages: { $ref: string }[] }>;
  components: { messages: Record<string, Message> };
};

function newAjv(options: ConstructorParameters<typeof Ajv>[0] = {}): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { cidrv4: true, cidrv6: true }, ...options });
  addFormats.default(ajv);
  return ajv;
}

describe('generated documents', () => {
  let fresh: Record<string, string>;
  before(async () => {
    fresh = await generatedDocuments();
  });

  for (const path of ['docs/headroom.schema.json', 'docs/openapi.json', 'docs/asyncapi.yaml']) {
    it(`${path} is what the schemas say now`, () => {
      assert.ok(fresh[path] === committed(path), `${path} is out of date: run "npm run docs"`);
    });
  }
});

describe('docs/headroom.schema.json', () => {
  const validate = newAjv().compile(JSON.parse(committed('docs/headroom.schema.json')));
  const camera = { id: 'gate-3', url: 'rtsp://192.0.2.1/stream' };
  for (const [what, value] of [
    ['the smallest configuration', { gateway: { port: 8080 }, cameras: [camera] }],
    ['an unknown setting', { gatewy: {} }],
    ['a port out of range', { gateway: { port: 70_000 } }],
    ['an id with a slash', { cameras: [{ ...camera, id: 'a/b' }] }],
    [
      'a zone of two corners',
      {
        cameras: [
          {
            ...camera,
            zones: [
              {
                id: 'z',
                polygon: [
                  [0, 0],
                  [1, 1],
                ],
              },
            ],
          },
        ],
      },
    ],
  ] as const) {
    it(`judges ${what} as the server does`, () => {
      assert.equal(validate(value), Config.safeParse(value).success, JSON.stringify(validate.errors));
    });
  }
});

describe('docs/openapi.json', () => {
  const document = JSON.parse(committed('docs/openapi.json'));

  it('keeps the rules of OpenAPI 3.1', () => {
    assert.deepEqual(openapiFaults(document), []);
  });

  it('names the addresses of the gateway', () => {
    for (const path of [
      '/api/cameras',
      '/api/readings',
      '/api/cameras/{id}/frame.jpg',
      '/healthz',
      '/readyz',
      '/metrics',
    ]) {
      assert.ok(document.paths[path]?.get, path);
    }
  });

  it('says of every error what is sent: a problem', () => {
    type Operations = Record<string, { responses: Record<string, { content?: object }> }>;
    for (const [path, operations] of Object.entries<Operations>(document.paths)) {
      for (const { responses } of Object.values(operations)) {
        assert.deepEqual(Object.keys(responses.default?.content ?? {}), ['application/problem+json'], path);
        const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400 && path !== '/readyz');
        for (const [status, { content }] of errors) {
          assert.deepEqual(Object.keys(content ?? {}), ['application/problem+json'], `${path} ${status}`);
        }
      }
    }
  });

  it('says what files the test bench takes', () => {
    const takes = (path: string) => Object.keys(document.paths[path].post.requestBody?.content ?? {});
    assert.deepEqual(takes('/api/bench/look'), ['image/jpeg', 'image/png', 'image/webp']);
    assert.deepEqual(takes('/api/bench/clip'), ['video/mp4', 'video/webm']);
  });

  it('would be refused with a fault', () => {
    const spoilt = (spoil: (copy: typeof document) => void) => {
      const copy = structuredClone(document);
      spoil(copy);
      return openapiFaults(copy).length;
    };
    const frame = '/api/cameras/{id}/frame.jpg';
    assert.ok(spoilt((copy) => delete copy.info.version));
    assert.ok(spoilt((copy) => delete copy.paths[frame].get.parameters));
    assert.ok(spoilt((copy) => (copy.paths['/healthz'].get.response = {})));
    assert.ok(
      spoilt((copy) => (copy.paths['/healthz'].get.responses['200'].content['application/json'].schema = { type: 7 })),
    );
    assert.ok(spoilt((copy) => (copy.paths['/healthz'].get.tags = ['unheard-of'])));
    assert.ok(spoilt((copy) => (copy.components.schemas.X = { $ref: '#/components/schemas/Y' })));
  });
});

describe('docs/asyncapi.yaml', () => {
  const document = parse(committed('docs/asyncapi.yaml')) as AsyncApi;
  const { messages } = document.components;
  // The specification brings draft 7 along: ajv must not have it twice.
  const validate = newAjv({ meta: false, validateSchema: false }).compile(asyncapiSpecs.schemas['3.0.0'] as object);
  const namesOf = (operation: 'sendState' | 'receiveRequest') =>
    document.operations[operation].messages.map(({ $ref }) => $ref.split('/').at(-1) as string);

  it('keeps the AsyncAPI 3.0 schema', () => {
    assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 3)));
  });

  it('would be refused with a fault', () => {
    for (const spoil of [
      (copy: AsyncApi) => Object.assign(copy.operations.sendState, { action: 'publish' }),
      (copy: AsyncApi) => Object.assign(copy.channels.live, { subscribe: {} }),
      (copy: AsyncApi) => Object.assign(copy.components.messages.heartbeat as object, { payload: { type: 7 } }),
    ]) {
      const copy = structuredClone(document);
      spoil(copy);
      assert.equal(validate(copy), false, String(spoil));
    }
  });

  it('has no reference that leads nowhere', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    for (const [, reference = ''] of references) assert.ok(resolve(document, reference), reference);
  });

  it('describes every message of the contract', () => {
    assert.equal(namesOf('sendState').length, membersOf(ServerMessage).length + 1, 'and the heat map');
    assert.equal(namesOf('receiveRequest').length, membersOf(ClientMessage).length);
  });

  it('has examples that server and clients accept, and that fit their own payload schema', () => {
    for (const [operation, schema] of [
      ['sendState', ServerMessage],
      ['receiveRequest', ClientMessage],
    ] as const) {
      for (const name of namesOf(operation).filter((name) => name !== 'heatmap')) {
        const { payload, examples } = messages[name] as Message;
        const fits = newAjv().compile(payload);
        assert.ok(examples.length > 0, name);
        for (const example of examples) {
          assert.deepEqual(schema.parse(example.payload), example.payload, `${name}: ${example.name}`);
          assert.ok(fits(example.payload), `${name}: ${JSON.stringify(fits.errors)}`);
        }
      }
    }
  });

  it('never shows a count in a reading without one', () => {
    const { payload } = messages.readingWithoutCount as Message & { payload: { properties: object } };
    assert.ok(!('count' in payload.properties));
  });

  it('has a heat map that can be read', () => {
    const { contentType, examples } = messages.heatmap as Message;
    assert.equal(contentType, 'application/octet-stream');
    const map = decodeHeatmap(Buffer.from(examples[0]?.payload as string, 'base64'));
    assert.deepEqual([map.cameraId, map.width, map.height, [...map.values]], ['gate-3', 2, 2, [0, 12, 200, 3]]);
  });

  it('names the subprotocol and all close codes', () => {
    const { live } = document.channels;
    assert.equal(live['x-subprotocol'], SUBPROTOCOL);
    for (const code of Object.values(CLOSE_CODES)) assert.ok(live['x-close-codes'][code], String(code));
  });
});
