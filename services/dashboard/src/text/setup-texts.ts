/** The shape of the texts of the set-up pages, filled by every language. */
import type { setupEn } from './setup-en.ts';

export type SetupTexts = typeof setupEn;
