/** The shape every language file fills, so that a missing text is a compile error. */
import type { CameraView, ViewReason } from '../camera/view.ts';
import type { LostReason } from '../live/connection.ts';
import type { en } from './en.ts';

export type Language = 'en' | 'ko';
export const LANGUAGES: readonly { id: Language; name: string }[] = [
  { id: 'en', name: 'English' },
  { id: 'ko', name: '한국어' },
];

export type Texts = typeof en;

/** What is the matter, in plain words, and what the reader can do about it. */
export type ReasonTexts = Record<ViewReason, { what: string; todo: string }>;
export type LostTexts = Record<LostReason, string>;
export type StatusTexts = Record<CameraView['status'], string>;

export function pickLanguage(stored: string | undefined, preferred: readonly string[]): Language {
  for (const wanted of [stored, ...preferred]) {
    const base = wanted?.toLowerCase().split('-')[0];
    const known = LANGUAGES.find((language) => language.id === base);
    if (known) return known.id;
  }
  return 'en';
}
