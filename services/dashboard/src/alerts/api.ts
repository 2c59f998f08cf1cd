/** What operators ask of the server, and the log. Every answer is parsed; every failure comes back in words. */
import { z } from 'zod';
import { AlertEvent, type RaisedLevel, type RuleKind, Silence } from '../../../../shared/contracts/alert.ts';
import { Drill, DrillScenario } from '../../../../shared/contracts/drill.ts';
import { Evidence } from '../../../../shared/contracts/evidence.ts';

/** The gateway waits 5 s for the alerts service. */
const TIMEOUT_MS = 8_000;

/** `code`: 503 means that nobody answered and nothing is known to be done. */
export type Answer<T> = { ok: true; body: T } | { ok: false; code: number };

export type NewSilence = {
  actor: string;
  cameraId?: string | undefined;
  zoneId?: string | undefined;
  rule?: RuleKind | undefined;
  upToLevel: RaisedLevel;
  reason: string;
  durationMs: number;
};

export type EventQuery = { afterOffset?: number; limit?: number; alertId?: string };

const Drills = z.object({ scenarios: z.array(z.object({ name: z.string(), scenario: DrillScenario })) });

async function ask<T>(path: string, schema: z.ZodType<T>, init: RequestInit = {}): Promise<Answer<T>> {
  try {
    const response = await fetch(`./api/${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return { ok: false, code: response.status };
    const parsed = schema.safeParse(await response.json());
    return parsed.success ? { ok: true, body: parsed.data } : { ok: false, code: 0 };
  } catch {
    return { ok: false, code: 0 };
  }
}

function send<T>(path: string, schema: z.ZodType<T>, body: object): Promise<Answer<T>> {
  const headers = { 'content-type': 'application/json' };
  return ask(path, schema, { method: 'POST', headers, body: JSON.stringify(body) });
}

const of = (alertId: string, what: string) => `alerts/${encodeURIComponent(alertId)}/${what}`;

export const api = {
  events: (query: EventQuery) =>
    ask(
      `alerts/events?${new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]))}`,
      z.array(AlertEvent),
    ),
  silences: () => ask('silences', z.array(Silence)),
  acknowledge: (alertId: string, actor: string) => send(of(alertId, 'acknowledge'), AlertEvent, { actor }),
  comment: (alertId: string, actor: string, note: string) => send(of(alertId, 'comment'), AlertEvent, { actor, note }),
  escalate: (alertId: string, actor: string) => send(of(alertId, 'escalate'), AlertEvent, { actor }),
  assign: (alertId: string, actor: string, assignee: string) =>
    send(of(alertId, 'assign'), AlertEvent, { actor, assignee }),
  evidence: (alertId: string) => ask(of(alertId, 'evidence'), z.array(Evidence)),
  drills: () => ask('drills', Drills),
  startDrill: (actor: string, scenario: DrillScenario) => send('drills', Drill, { actor, scenario }),
  stopDrill: (actor: string) =>
    ask(`drills/current?${new URLSearchParams({ actor })}`, z.unknown(), { method: 'DELETE' }),
  silence: (silence: NewSilence) => send('silences', Silence, silence),
  endSilence: (silenceId: string, actor: string) =>
    ask(`silences/${encodeURIComponent(silenceId)}?${new URLSearchParams({ actor })}`, Silence, { method: 'DELETE' }),
};
