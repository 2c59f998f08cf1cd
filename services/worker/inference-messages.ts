/** What the worker and its inference processes say to each other. Both ends are ours: types, no parsing. */
import type { Zone } from '../../shared/config/schema.ts';
import type { FarField } from '../../shared/contracts/far-field.ts';
import type { DegradedReason, ModelUse } from '../../shared/contracts/reading.ts';
import type { CameraCalibration } from '../../shared/geometry/calibration.ts';
import type { PictureCount } from './density/picture-reading.ts';
import type { Head } from './model/heads.ts';
import type { ModelFolder } from './model/manifest.ts';

export type InferenceSetup = {
  /**
   * Models by name, as they were read and accepted: a process that is replaced gets the same ones, whatever lies in their
   * folders by then.
   */
  models: Record<string, ModelFolder>;
  provider: 'cpu' | 'cuda' | 'tensorrt' | 'webgpu';
  threads: number;
};

export type InferenceRequest = {
  type: 'count';
  id: number;
  cameraId: string;
  seq: number;
  capturedAt: number;
  jpeg: Uint8Array;
  model: string;
  inferenceWidth: number | 'native';
  farField?: FarField | undefined;
  steps?: 1 | 2 | 4 | undefined;
  warmStart: boolean;
  zones: Zone[];
  calibration?: CameraCalibration | undefined;
};

export type InferenceResult =
  | {
      ok: true;
      picture: PictureCount;
      /** Where the located heads are, 0–1 from the top left corner. */
      headsAt: Head[];
      model: ModelUse;
      heatmap: Uint8Array;
      inferenceMs: number;
      decodeMs: number;
    }
  | { ok: false; reason: DegradedReason; detail: string };

export type FromChild =
  | { type: 'ready'; memoryBytes: Record<string, number> }
  | { type: 'unusable'; code: string; message: string }
  /** The picture's turn to be counted: until the next one's, what befalls the process is its doing. */
  | { type: 'begun'; id: number }
  | { type: 'result'; id: number; result: InferenceResult };
export type ToChild = { type: 'setup'; setup: InferenceSetup } | { type: 'forget'; model: string } | InferenceRequest;
