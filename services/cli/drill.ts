/** `headroom drill`: starts, lists or ends a drill at a running Headroom, over its REST API. */
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../shared/config/load.ts';
import { Drill, DrillClip, DrillScenario } from '../../shared/contracts/drill.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import { whichConfig } from './which-config.ts';

export type DrillOptions = { scenario?: string; stop?: boolean; url?: string; actor: string; config?: string };

const TIMEOUT_MS = 10_000;
const Listed = z.object({
  running: Drill.optional(),
  scenarios: z.array(z.object({ name: z.string(), scenario: DrillScenario })),
  /** Missing from a server of before clips. */
  clips: z.array(DrillClip).default([]),
});

/** @throws HeadroomError USAGE or DRILL_REFUSED */
export async function runDrill(o: DrillOptions): Promise<void> {
  const url = o.url ?? (await gatewayOf(o.config));
  if (o.stop) {
    await call(url, 'DELETE', `/api/drills/current?${new URLSearchParams({ actor: o.actor })}`);
    return say('The drill is over.');
  }
  if (o.scenario === undefined) return list(Listed.parse(await call(url, 'GET', '/api/drills')));
  const what = isFile(o.scenario) ? { scenario: await scenarioOf(o.scenario) } : { name: o.scenario };
  const drill = Drill.parse(await call(url, 'POST', '/api/drills', { actor: o.actor, ...what }));
  const seconds = Math.round((drill.endsAt - drill.startedAt) / 1000);
  say(`EXERCISE. "${titleOf(drill.scenario)}" runs for ${seconds} s and ends by itself.`);
  say('End it earlier with: headroom drill --stop');
}

function list({ running, scenarios, clips }: z.infer<typeof Listed>): void {
  say(running ? `Under way: ${titleOf(running.scenario)} (by ${running.by})` : 'No drill is under way.');
  for (const { name, scenario } of scenarios) say(`  ${name.padEnd(12)} ${titleOf(scenario)}`);
  for (const { name, fault } of clips)
    say(`  clip ${name}${fault === undefined ? '' : `: cannot be played (${fault})`}`);
}

const titleOf = ({ title }: DrillScenario): string => (typeof title === 'string' ? title : title.en);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Also a pipe; a folder may bear the name of a scenario that is built in. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;

async function gatewayOf(config: string | undefined): Promise<string> {
  const { gateway } = await loadConfig(whichConfig(config));
  const host = gateway.host === '0.0.0.0' || gateway.host === '::' ? '127.0.0.1' : gateway.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${gateway.port}`;
}

async function scenarioOf(file: string): Promise<DrillScenario> {
  let read: unknown;
  try {
    read = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const where = cause instanceof YAMLParseError ? `is not valid YAML (${cause.code})` : messageOf(cause);
    throw new HeadroomError('DRILL_REFUSED', `The scenario ${file} cannot be read: ${where}.`, { cause });
  }
  const parsed = DrillScenario.safeParse(read);
  if (parsed.success) return parsed.data;
  throw new HeadroomError('DRILL_REFUSED', `The scenario ${file} is not valid:\n${z.prettifyError(parsed.error)}`);
}

async function call(url: string, method: string, path: string, body?: object): Promise<unknown> {
  let response: Response;
  try {
    // Below the address, which may be a path of a proxy.
    response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
  } catch (cause) {
    throw new HeadroomError('DRILL_REFUSED', `No Headroom answers at ${url}. Start it, or name it with --url.`, {
      cause,
    });
  }
  // A proxy in front answers in words of its own.
  const answer = (await response.json().catch(() => undefined)) as { detail?: string } | undefined;
  if (response.ok && answer) return answer;
  const odd = `What answers at ${url} is no Headroom, or cannot reach it (HTTP ${response.status}).`;
  throw new HeadroomError('DRILL_REFUSED', answer?.detail ?? odd);
}
