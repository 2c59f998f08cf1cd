/** Reads `headroom.yaml`. Every fault is named by line, column, field and rule, and never by its value. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Document, isMap, isNode, isPair, isScalar, LineCounter } from 'yaml';
import type { z } from 'zod';
import { HeadroomError } from '../runtime/errors.ts';
import { registerSecret, SecretUrl, TORN_PASSWORD } from '../runtime/secrets.ts';
import { ruleOf } from './rule-words.ts';
import { CAMERA_SCHEMES, type Camera, Config } from './schema.ts';
import { parseYaml, plainOf, yamlFaults } from './yaml.ts';

export type ConfigIssue = { line: number; column: number; field: string; rule: string };

/** A configuration that cannot be used. The message lists every fault; nothing of the file is quoted. */
export class ConfigError extends HeadroomError {
  readonly issues: ConfigIssue[];

  constructor(file: string, issues: ConfigIssue[]) {
    const lines = issues.map((i) => `  ${file}:${i.line}:${i.column}  ${i.field ? `${i.field}: ` : ''}${i.rule}`);
    super('CONFIG_INVALID', `The configuration cannot be used:\n${lines.join('\n')}`);
    this.issues = issues;
  }
}

type Env = Record<string, string | undefined>;

/** Text of each file as it was loaded: who watches it later sees whether it has changed in between. */
const loaded = new Map<string, string>();

export const textAsLoaded = (file: string): string | undefined => loaded.get(resolve(file));

/**
 * Reads and checks a configuration file.
 * @throws ConfigError, or HeadroomError CONFIG_MISSING when there is no such file
 */
export async function loadConfig(file: string): Promise<Config> {
  const text = await readConfigText(file);
  refuseEmpty(text, file);
  loaded.set(resolve(file), text);
  return parseConfig(text, file);
}

/**
 * An empty file watches nothing and says so of nothing: a full disk leaves one behind.
 * @throws ConfigError
 */
export function refuseEmpty(text: string, file: string): void {
  if (text.trim() !== '') return;
  const rule = 'the file is empty; to watch no camera at all, write "cameras: []"';
  throw new ConfigError(file, [{ line: 1, column: 1, field: '', rule }]);
}

/** @throws HeadroomError CONFIG_MISSING */
export async function readConfigText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new HeadroomError('CONFIG_MISSING', `Cannot read the configuration ${file}. Name one with --config FILE.`, {
      cause,
    });
  }
}

/**
 * Parses a configuration. `${NAME}` in camera URLs stays as it is: only who opens a camera needs its secret
 * (see {@link cameraSource}), so that a gateway runs without any.
 * @throws ConfigError
 */
export function parseConfig(text: string, file = 'headroom.yaml'): Config {
  const lines = new LineCounter();
  const document = parseYaml(text, lines);
  const faults = yamlFaults(text, document, lines);
  if (faults.length > 0)
    throw new ConfigError(
      file,
      faults.map((fault) => ({ ...fault, field: '' })),
    );
  const given = withoutEmptySections(plainOf(document));
  const result = Config.safeParse(given);
  if (!result.success)
    throw new ConfigError(
      file,
      result.error.issues.flatMap((issue) => locate(issue, given, document, lines)),
    );

  const issues: ConfigIssue[] = [];
  for (const [index, camera] of result.data.cameras.entries()) {
    const rule = urlFault(camera, result.data);
    if (rule)
      issues.push({ ...position(document, lines, ['cameras', index, 'url']), field: `cameras[${index}].url`, rule });
  }
  if (issues.length > 0) throw new ConfigError(file, issues);
  return result.data;
}

/** A section whose lines are all commented out is null in YAML, and means its defaults. */
function withoutEmptySections(root: unknown): unknown {
  if (root === null || root === undefined) return {};
  if (typeof root !== 'object' || Array.isArray(root)) return root;
  return Object.fromEntries(Object.entries(root).filter(([, section]) => section !== null));
}

/** What is wrong with a camera's URL as far as can be seen without its secrets. */
export function urlFault(
  camera: Pick<Camera, 'url'>,
  config: { ingest: Pick<Config['ingest'], 'trialSchemes'> },
): string | undefined {
  const plain = camera.url.replace(/\$\{[^}]*\}/g, 'x');
  if (TORN_PASSWORD.exec(plain)?.index === 0) {
    return 'holds an @ behind what reads as host and port; in a password write / as %2F, # as %23 and ? as %3F, or ${NAME} for all of it, and in a path write @ as %40';
  }
  let url: URL;
  try {
    url = new URL(plain);
  } catch {
    return 'is not a URL; write for example rtsp://user:${PASSWORD}@192.0.2.1/stream';
  }
  const scheme = url.protocol.slice(0, -1);
  const allowed: string[] = [...CAMERA_SCHEMES, ...config.ingest.trialSchemes];
  if (!allowed.includes(scheme)) {
    return `scheme must be one of ${allowed.join(', ')} (for trials, allow file, http or https in ingest.trialSchemes)`;
  }
  if (!url.hostname && scheme !== 'file') return 'names no host; write for example rtsp://192.0.2.1/stream';
  return undefined;
}

/**
 * The camera's address with `${NAME}` replaced from the environment. Values within the user part are percent-encoded,
 * so passwords are given as they are.
 * @throws HeadroomError CAMERA_SECRET_MISSING naming the variable; CAMERA_URL_INVALID
 */
export function cameraSource(camera: { id?: string | undefined; url: string }, env: Env = process.env): SecretUrl {
  const the = camera.id === undefined ? 'The' : `Camera ${camera.id}: the`;
  const userEnd = camera.url.lastIndexOf('@');
  const url = camera.url.replace(/\$\{([^}]*)\}/g, (_, name: string, at: number) => {
    const value = env[name];
    if (value === undefined || value === '') {
      throw new HeadroomError('CAMERA_SECRET_MISSING', `${the} environment variable ${name} is not set.`);
    }
    registerSecret(value);
    return at < userEnd ? encodeURIComponent(value) : value;
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point; ffmpeg reads line by line
  if (/[\x00-\x20\x7f]/.test(url)) {
    throw new HeadroomError('CAMERA_URL_INVALID', `${the} URL holds a space, line break or control character.`);
  }
  try {
    // ffmpeg knows its protocols in small letters only.
    return new SecretUrl(url.replace(/^[^:]*/, (scheme) => scheme.toLowerCase()));
  } catch {
    throw new HeadroomError('CAMERA_URL_INVALID', `${the} URL, with its variables filled in, is none.`);
  }
}

function locate(issue: z.core.$ZodIssue, given: unknown, document: Document.Parsed, lines: LineCounter): ConfigIssue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { ...position(document, lines, path, true), field: fieldName(path), rule: unknownRule(key) };
    });
  }
  const value = issue.path.reduce<unknown>(
    (at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
    given,
  );
  const rule = ruleOf(issue, value === undefined || value === null);
  return [{ ...position(document, lines, issue.path), field: fieldName(issue.path), rule }];
}

const unknownRule = (key: string): string =>
  key === '<<' ? 'is a merge key, which is not taken here; write the settings out' : 'is not a known setting';

function fieldName(path: PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** Line and column of a path's value (or key); of the nearest thing above it where it is missing. */
function position(
  document: Document.Parsed,
  lines: LineCounter,
  path: PropertyKey[],
  wantKey = false,
): { line: number; column: number } {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [depth, part] of path.entries()) {
    if (isNode(node) && node.range) offset = node.range[0];
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === part);
      if (!pair) break;
      if (isNode(pair.key) && pair.key.range) offset = pair.key.range[0];
      if (wantKey && depth === path.length - 1) break;
      node = pair.value;
    } else if (document.getIn(path.slice(0, depth + 1), true) !== undefined) {
      node = document.getIn(path.slice(0, depth + 1), true);
    } else break;
    if (isNode(node) && node.range) offset = node.range[0];
  }
  const { line, col } = lines.linePos(offset);
  return { line: line || 1, column: col || 1 };
}
