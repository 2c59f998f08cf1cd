/** Faults of a draft in words, at their field. The rules are the schema's own: the same that judge at a start. Pure. */
import type { z } from 'zod';
import { Camera } from '../../../../shared/config/schema.ts';
import type { FieldIssue, ReadOnlyReason } from '../../../../shared/contracts/config-api.ts';
import type { SetupTexts } from '../text/setup-texts.ts';

/** Every fault of a camera as it would be saved, by field such as `zones[0].polygon`. */
export function cameraIssues(camera: unknown, t: SetupTexts): FieldIssue[] {
  const parsed = Camera.safeParse(camera);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => ({ field: fieldOf(issue.path), rule: wordsOf(issue, t) }));
}

export function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function wordsOf(issue: z.core.$ZodIssue, t: SetupTexts): string {
  const { rules } = t;
  if (issue.code === 'invalid_type') return rules.missing;
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    // A schema's own words say more than the figure.
    if (!issue.message.startsWith('Too ')) return ruleWords(issue.message, t);
    const limit = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum);
    if (issue.origin === 'string') return limit === 1 ? rules.missing : rules.tooLong(limit);
    const { inclusive = true } = issue;
    if (issue.code === 'too_small') return inclusive ? rules.atLeast(limit) : rules.above(limit);
    return rules.atMost(limit);
  }
  return ruleWords(issue.message, t);
}

/** A place of the file: a setting's name, or a line where there is none. */
export const placeWords = (field: string, t: SetupTexts): string =>
  field.replace(/^line (\d+)$/, (_, line: string) => t.fileLine(line));

/** The rules' English sentences, as the server sends them, in the reader's language where it has them. */
export function ruleWords(rule: string, t: SetupTexts): string {
  return t.rules.known[rule] ?? t.rules.formed(rule) ?? rule;
}

/** Why nothing can be saved, in the reader's language where it has words for it; else as the server says it. */
export const readOnlyWords = (text: string, reason: ReadOnlyReason | undefined, t: SetupTexts): string =>
  (reason && t.readOnlyReasons[reason]) ?? text;
