/**
 * `headroom.yaml` as the gateway reads and changes it. A change names the version it was made from; another one in
 * between refuses it, so that nobody's work is lost. Written whole or not at all, and checked like at a start.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, appendFile, link, open, readFile, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Document } from 'yaml';
import { editable, textOf } from '../../shared/config/edit.ts';
import { ConfigError, type ConfigIssue, parseConfig, refuseEmpty } from '../../shared/config/load.ts';
import type { Config } from '../../shared/config/schema.ts';
import { putWholeFile } from '../../shared/config/whole-file.ts';
import type { ConfigChange, ReadOnlyReason } from '../../shared/contracts/config-api.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { isMountedItself } from './mounted-file.ts';

/** A history longer than this is read from its end only, bytes. */
const HISTORY_READ_BYTES = 256 * 1024;

const MOUNT_FOLDER = 'mount its folder instead, or change the file by hand where it lies.';

export type ConfigSnapshot = { text: string; version: string };

/** What is to be changed; `edit` works on the document in force. */
export type ConfigEdit = Pick<ConfigChange, 'actor' | 'what'> & {
  /** The version the change was made from. */
  version: string;
  edit(document: Document): void;
};

/** Somebody has changed the file since. */
export class ConfigChangedError extends HeadroomError {
  readonly version: string;
  constructor(version: string) {
    super('CONFIG_CHANGED', 'The configuration has been changed since; load it again and repeat the change.');
    this.version = version;
  }
}

/** Why the file is not written: for people, and as a code that a screen can say in its reader's language. */
export type ReadOnly = { text: string; reason: ReadOnlyReason };

/** The file cannot be written, or must not be. */
export class ConfigReadOnlyError extends HeadroomError {
  readonly reason: ReadOnlyReason;
  constructor({ text, reason }: ReadOnly, options?: { cause?: unknown }) {
    super('CONFIG_READ_ONLY', text, options);
    this.reason = reason;
  }
}

const NO_FILE: ReadOnly = { text: 'This gateway runs without a configuration file.', reason: 'no-file' };

export class ConfigFile {
  readonly #path: string | undefined;
  readonly #refusal: () => ReadOnly | undefined;
  readonly #logger: Logger;
  #turn: Promise<unknown> = Promise.resolve();
  #judged: { text: string; faulty: boolean } | undefined;

  /**
   * @param path undefined where the gateway was started without a file
   * @param refusal why the configuration's own settings forbid changes, if they do
   */
  constructor(path: string | undefined, refusal: () => ReadOnly | undefined, logger: Logger) {
    this.#path = path;
    this.#refusal = refusal;
    this.#logger = logger;
  }

  get name(): string {
    return basename(this.#path ?? 'headroom.yaml');
  }

  /** @throws ConfigReadOnlyError without a file, or one that cannot be read */
  async read(): Promise<ConfigSnapshot> {
    if (this.#path === undefined) throw new ConfigReadOnlyError(NO_FILE);
    try {
      const text = await readFile(this.#path, 'utf8');
      return { text, version: versionOf(text) };
    } catch (cause) {
      const text = `${this.name} cannot be read (${codeOf(cause)}).`;
      throw new ConfigReadOnlyError({ text, reason: 'unreadable' }, { cause });
    }
  }

  /** Whether no service could start with the file as it is now. */
  async isFaulty(): Promise<boolean> {
    if (this.#path === undefined) return false;
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    // A file of a thousand cameras takes half a second, and system pages ask again and again.
    if (this.#judged?.text !== text) this.#judged = { text, faulty: 'issues' in judge(text, this.name) };
    return this.#judged.faulty;
  }

  /** Why changes are refused; undefined when they are taken. */
  async readOnlyBecause(): Promise<ReadOnly | undefined> {
    if (this.#path === undefined) return NO_FILE;
    const refusal = this.#refusal();
    if (refusal) return refusal;
    try {
      const real = await realpath(this.#path);
      await access(real, constants.W_OK);
      await access(dirname(real), constants.W_OK);
      // Told before anybody draws zones in vain.
      const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
      if (isMountedItself(real, mounts))
        return { text: `${this.name} is mounted by itself: ${MOUNT_FOLDER}`, reason: 'mounted' };
      // What is no UTF-8 was replaced as it was read: saving would lose it.
      const text = `${this.name} is not UTF-8 text: save it as UTF-8 in an editor.`;
      if (!isUtf8(await readFile(real))) return { text, reason: 'not-utf8' };
      return undefined;
    } catch (error) {
      const text = `${this.name} cannot be written here (${codeOf(error)}); its folder must be writable, too.`;
      return { text, reason: 'unwritable' };
    }
  }

  /**
   * Changes the file; one change at a time.
   * @returns the new version
   * @throws ConfigReadOnlyError; ConfigChangedError; ConfigError naming every fault of the result
   */
  change(edit: ConfigEdit): Promise<string> {
    const done = this.#turn.then(() => this.#change(edit));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** The newest changes, the last one first. */
  async history(limit: number): Promise<ConfigChange[]> {
    if (this.#path === undefined) return [];
    const handle = await open(await this.#historyPath(), 'r').catch(() => undefined);
    if (!handle) return [];
    try {
      const { size } = await handle.stat();
      const start = Math.max(0, size - HISTORY_READ_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n').filter(Boolean);
      if (start > 0) lines.shift();
      return lines
        .slice(-limit)
        .reverse()
        .flatMap((line) => parsedLine(line));
    } finally {
      await handle.close();
    }
  }

  async #change({ version, actor, what, edit }: ConfigEdit): Promise<string> {
    const why = await this.readOnlyBecause();
    if (why || this.#path === undefined) throw new ConfigReadOnlyError(why ?? NO_FILE);
    const before = await this.read();
    if (before.version !== version) throw new ConfigChangedError(before.version);
    // A file with faults is mended by hand: what the change would save besides it cannot be known.
    refuseEmpty(before.text, this.name);
    parseConfig(before.text, this.name);
    const document = editable(before.text);
    edit(document);
    const text = textOf(document, before.text);
    parseConfig(text, this.name);
    const next = versionOf(text);
    if (next === version) return version;
    await this.#replace(text, version);
    this.#logger.info({ actor, what, version: next }, 'configuration changed');
    await this.#remember({ at: Date.now(), actor, what, before: version, version: next });
    return next;
  }

  /** A whole new file takes the old one's place, with its rights; readers see the one or the other. */
  async #replace(text: string, version: string): Promise<void> {
    const real = await realpath(this.#path as string);
    const like = await stat(real);
    try {
      await putWholeFile(real, text, like, async () => {
        // An editor may have saved while this was made ready.
        const now = await this.read();
        if (now.version !== version) throw new ConfigChangedError(now.version);
        await this.#keepBefore(real);
      });
    } catch (cause) {
      if (cause instanceof HeadroomError) throw cause;
      const hint = codeOf(cause) === 'EBUSY' ? ` It may be mounted by itself: ${MOUNT_FOLDER}` : '';
      const text = `${this.name} cannot be replaced (${codeOf(cause)}).${hint}`;
      throw new ConfigReadOnlyError({ text, reason: hint ? 'mounted' : 'unwritable' }, { cause });
    }
    await syncFolder(dirname(real));
  }

  /** The file that is replaced stays beside it, for whoever wants it back: the very one, with its rights. */
  async #keepBefore(real: string): Promise<void> {
    const kept = `${real}.before`;
    try {
      await rm(kept, { force: true });
      await link(real, kept);
    } catch (error) {
      this.#logger.warn({ reason: messageOf(error) }, 'configuration before the change not kept');
    }
  }

  async #remember(change: ConfigChange): Promise<void> {
    try {
      await appendFile(await this.#historyPath(), `${JSON.stringify(change)}\n`, { mode: 0o600 });
    } catch (error) {
      this.#logger.warn({ reason: messageOf(error) }, 'configuration history not written');
    }
  }

  /** `headroom.history.jsonl` beside `headroom.yaml`. */
  async #historyPath(): Promise<string> {
    const real = await realpath(this.#path as string);
    return join(dirname(real), `${basename(real).replace(/\.ya?ml$/, '')}.history.jsonl`);
  }
}

/** What a text of the file says, or everything that is wrong with it, by the rules of a start. */
export function judge(text: string, file?: string): { config: Config } | { issues: ConfigIssue[] } {
  try {
    refuseEmpty(text, file ?? '');
    return { config: parseConfig(text, file) };
  } catch (error) {
    if (error instanceof ConfigError) return { issues: error.issues };
    throw error;
  }
}

/** Names a state of the file: the same text, the same version. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function parsedLine(line: string): ConfigChange[] {
  try {
    return [JSON.parse(line) as ConfigChange];
  } catch {
    return []; // the last line of a full disk
  }
}

/** So that the new name survives a power cut. Not every file system can. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? messageOf(error);
