/** What the system page asks of the server. Every answer is parsed. */
import { z } from 'zod';
import { WorkerModels } from '../../../../shared/contracts/models.ts';
import { SystemReport } from '../../../../shared/contracts/system.ts';

const TIMEOUT_MS = 8_000;

/** One line of the delivery log, as the alerts service lists it. */
export const DeliveryRecord = z.object({
  deliveryId: z.string(),
  endpoint: z.string(),
  messageId: z.string(),
  status: z.string(),
  attempts: z.number(),
  createdAt: z.number(),
  tries: z.array(
    z.object({
      attempt: z.number(),
      at: z.number(),
      outcome: z.string(),
      statusCode: z.number().optional(),
      durationMs: z.number(),
    }),
  ),
});
export type DeliveryRecord = z.infer<typeof DeliveryRecord>;

/** `code` 0: no answer, or none that could be read. */
export type Asked<T> = { ok: true; body: T } | { ok: false; code: number };

async function ask<T>(
  path: string,
  read: (response: Response) => Promise<T>,
  init: RequestInit = {},
): Promise<Asked<T>> {
  try {
    const response = await fetch(`./api/${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? { ok: true, body: await read(response) } : { ok: false, code: response.status };
  } catch {
    return { ok: false, code: 0 };
  }
}

const json =
  <T>(schema: z.ZodType<T>) =>
  async (response: Response): Promise<T> =>
    schema.parse(await response.json());

export const systemApi = {
  report: () => ask('system', json(SystemReport)),
  models: () => ask('models', json(z.array(WorkerModels))),
  card: (name: string) => ask(`models/${encodeURIComponent(name)}/card`, (response) => response.text()),
  deliveries: () => ask('deliveries', json(z.array(DeliveryRecord))),
  replay: (deliveryId: string, actor: string) =>
    ask(`deliveries/${encodeURIComponent(deliveryId)}/replay`, json(z.unknown()), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ actor }),
    }),
};
