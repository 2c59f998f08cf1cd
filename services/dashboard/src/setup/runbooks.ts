/** A runbook's text while it is written: one for every reader, or one for each language. Pure. */
import type { RunbookText } from '../../../../shared/contracts/runbook.ts';

export type RunbookLanguage = 'en' | 'ko';

/** What stands in a field. A text for every reader stands in that of any language; another language's does not. */
export function textIn(text: RunbookText | undefined, language: RunbookLanguage | undefined): string {
  if (text === undefined || typeof text === 'string') return text ?? '';
  return language ? (text[language] ?? '') : (text.en ?? text.ko ?? '');
}

/** The text with what was typed into one field; undefined when nothing is left of it. */
export function withText(
  before: RunbookText | undefined,
  language: RunbookLanguage | undefined,
  typed: string,
): RunbookText | undefined {
  if (!language) return typed === '' ? undefined : typed;
  const both = typeof before === 'string' ? { en: before, ko: before } : { ...before };
  if (typed === '') delete both[language];
  else both[language] = typed;
  return Object.keys(both).length > 0 ? both : undefined;
}

/**
 * Goes over from one text to one for each language, or back. Nothing written is lost: two texts become one below the
 * other.
 * @param language of a text that was for every reader
 */
export function perLanguage(
  text: RunbookText | undefined,
  apart: boolean,
  language: RunbookLanguage,
): RunbookText | undefined {
  if (text === undefined || (typeof text === 'object') === apart) return text;
  if (typeof text === 'string') return { [language]: text };
  return [...new Set([text.en, text.ko])].filter(Boolean).join('\n\n');
}
