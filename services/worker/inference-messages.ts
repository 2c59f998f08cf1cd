/** What the worker and its inference processes say to each other. Both ends are ours: types, no parsing. */
import type { Zone } from '../../shared/config/schema.ts';
import type { DegradedReason, ModelUse } from '../../shared/contracts/reading.ts';
import type { CameraCalibration } from '../../shared/geometry/calibration.ts';
import type { PictureCount } from './density/picture-reading.ts';

export type InferenceSetup = {
  /** Model name -> folder. */
  models: Record<string, string>;
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
  steps?: 1 | 2 | 4 | undefined;
  warmStart: boolean;
  zones: Zone[];
  calibration?: CameraCalibration | undefined;
};

export type InferenceResult =
  | { ok: true; picture: PictureCount; model: ModelUse; heatmap: Uint8Array; inferenceMs: number; decodeMs: number }
  | { ok: false; reason: DegradedReason; detail: string };

export type FromChild =
  | { type: 'ready' }
  | { type: 'unusable'; code: string; message: string }
  | { type: 'result'; id: number; result: InferenceResult };
export type ToChild = { type: 'setup'; setup: InferenceSetup } | InferenceRequest;
