/** What set-up edits: the configuration as it is typed in, before defaults. */
import type { z } from 'zod';
import type { Camera, Zone } from '../../../../shared/config/schema.ts';

export type CameraInput = z.input<typeof Camera>;
export type ZoneInput = z.input<typeof Zone>;
export type LineInput = NonNullable<CameraInput['lines']>[number];
export type CalibrationInput = NonNullable<CameraInput['calibration']>;

/** A picture to draw on. */
export type StillPicture = { src: string; aspect: number; heightPx: number };
