/** What people do at each level, in the words of the site's own plan. Shown beside the alert; Headroom invents none. */
import { z } from 'zod';
import type { RaisedLevel } from './alert.ts';

const words = z.string().trim().min(1).max(2000);

/** One text for every reader, or one for each language. */
export const RunbookText = z.union([
  words,
  z
    .strictObject({ en: words.optional(), ko: words.optional() })
    .refine(({ en, ko }) => en !== undefined || ko !== undefined, 'write at least one of en and ko'),
]);
export type RunbookText = z.infer<typeof RunbookText>;

/** By level; `blind` is for cameras without a picture and for services that are down. */
export const Runbooks = z.strictObject({
  attention: RunbookText.optional(),
  caution: RunbookText.optional(),
  alert: RunbookText.optional(),
  severe: RunbookText.optional(),
  blind: RunbookText.optional(),
});
export type Runbooks = z.infer<typeof Runbooks>;

export type Plight = RaisedLevel | 'blind';

/** The zone's own text, else the site's; in the reader's language, else in the one there is. Pure. */
export function runbookFor(
  plight: Plight,
  zone: Runbooks | undefined,
  site: Runbooks | undefined,
  language: 'en' | 'ko',
): string | undefined {
  const text = zone?.[plight] ?? site?.[plight];
  if (text === undefined || typeof text === 'string') return text;
  return text[language] ?? text.en ?? text.ko;
}
