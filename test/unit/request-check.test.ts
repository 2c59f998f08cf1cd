/** Faulty requests are told by field and rule. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Fastify from 'fastify';
import { z } from 'zod';
import { requestCheck, requestFaults } from '../../services/gateway/request-check.ts';
import { inOrder, instant } from '../../services/gateway/routes/time-range.ts';

const app = Fastify();
app.setValidatorCompiler(requestCheck);
app.setSchemaErrorFormatter(requestFaults);
app.get(
  '/log',
  {
    schema: {
      querystring: inOrder(
        z.object({
          from: instant.describe('First instant, epoch ms.'),
          to: instant.optional(),
          zoneId: z.string().default(''),
        }),
      ),
    },
  },
  async ({ query }) => query,
);
const actor = z.string().trim().min(1);
app.post('/note', { schema: { body: z.object({ actor, note: z.string().optional() }) } }, async ({ body }) => body);
app.post(
  '/drill',
  {
    schema: {
      body: z.union([
        z.strictObject({ actor, name: z.string() }),
        z.strictObject({ actor, scenario: z.object({ durationSeconds: z.number().min(5) }) }),
      ]),
    },
  },
  async ({ body }) => body,
);
after(() => app.close());

const fault = async (url: string, payload?: object) => {
  const answer = await app.inject(payload ? { method: 'POST', url, payload } : url);
  assert.equal(answer.statusCode, 400, answer.body);
  return answer.json().message;
};

test('a query is read as before where it is right', async () => {
  assert.deepEqual((await app.inject('/log?from=5&to=7&zoneId=')).json(), { from: 5, to: 7, zoneId: '' });
});

test('an instant is asked for by what it is, also where nothing stands behind its name', async () => {
  assert.equal(await fault('/log'), 'query: from is missing (First instant, epoch ms)');
  assert.equal(await fault('/log?from=2026-11-24'), 'query: from must be a number (First instant, epoch ms)');
  assert.equal(await fault('/log?from='), 'query: from must be a number, or left out');
  assert.equal(await fault('/log?from=5&to=1'), 'query: to must not be earlier than from');
});

test('a name with a slip is refused, and those that there are named', async () => {
  assert.equal(await fault('/log?from=5&zoneid=ramp'), 'query: zoneid is not known; known are from, to, zoneId');
  assert.equal(await fault('/note', { actor: 'Kim', nte: 'x' }), 'body: nte is not known; known are actor, note');
});

test('a body is told of by field, whichever of its forms was meant', async () => {
  assert.equal(await fault('/note', { actor: ' ' }), 'body: actor must have at least 1 character');
  assert.equal(await fault('/note', []), 'body: must be a JSON object');
  assert.equal(await fault('/drill', { actor: 'Kim' }), 'body: name is missing');
  assert.equal(
    await fault('/drill', { actor: 'Kim', scenario: { durationSeconds: 1 } }),
    'body: scenario.durationSeconds must be at least 5',
  );
  assert.equal(await fault('/drill', { name: 'blind' }), 'body: actor is missing');
});
