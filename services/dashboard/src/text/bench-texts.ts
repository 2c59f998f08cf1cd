/** The shape of the texts of the test bench, filled by every language. */
import type { benchEn } from './bench-en.ts';

export type BenchTexts = typeof benchEn;
