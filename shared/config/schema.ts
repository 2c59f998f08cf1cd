/** The only schema of `headroom.yaml`. Defaults stand here, with their unit and reason. */
import { z } from 'zod';
import { Id, PicturePoint, TimeZone } from '../contracts/common.ts';
import { isDrillCamera } from '../contracts/drill.ts';
import { FarField, farWidthFault } from '../contracts/far-field.ts';
import { InferenceWidth } from '../contracts/inference-width.ts';
import { Runbooks } from '../contracts/runbook.ts';
import { CameraCalibration } from '../geometry/calibration.ts';
import { AlertsConfig, DatabaseConfig, DeliveriesConfig, Importance, ZoneLimits, ZoneProfile } from './alerts.ts';
import { Line } from './lines.ts';
import { PictureGate } from './picture-gate.ts';

/** Schemes that are always allowed, and those a configuration must ask for (trials, tests). */
export const CAMERA_SCHEMES = ['rtsp', 'rtsps'] as const;
export const TRIAL_SCHEMES = ['file', 'http', 'https'] as const;

/** `http://host`, as browsers send it in the Origin header. */
const Origin = z.string().regex(/^https?:\/\/[^/]+$/, 'use the form https://host[:port], without a path');

/** Narrowest zone, share of the picture's sides: one or two pixels. A narrower one holds no part of it and reads 0 for ever. */
const NARROWEST_ZONE = 0.002;

export const Zone = z
  .strictObject({
    id: Id,
    name: z.string().min(1).max(80).optional(),
    polygon: z
      .array(PicturePoint)
      .min(3, 'a zone needs at least three corners')
      .max(64)
      .refine(hasWidth, 'the corners lie in a line: nobody could ever be counted there')
      .describe('Corners as [x, y], 0 to 1 from the top left corner of the picture.'),
    capacity: z.number().positive().optional().describe('People the zone may hold.'),
    profile: ZoneProfile.default('standing').describe('What people do here: sets the density thresholds.'),
    importance: Importance.default('normal').describe('How bad it is to be blind here.'),
    limits: ZoneLimits.optional().describe('Own thresholds of this zone.'),
    runbooks: Runbooks.optional().describe('What people do here at each level; alerts.runbooks where it has no text.'),
  })
  .describe('A part of the picture that is counted on its own. Zones may overlap.');
export type Zone = z.infer<typeof Zone>;

export const Camera = z.strictObject({
  id: Id,
  name: z.string().min(1).max(80).optional().describe('Shown to people; the id by default.'),
  url: z
    .string()
    .min(1)
    .regex(
      /^[\x21-\x7e\u0080-\uffff]+$/,
      'must not hold spaces, line breaks or control characters; percent-encode them',
    )
    .describe('rtsp:// or rtsps:// address. Write secrets as ${NAME}: they are read from the environment.'),
  sampleFps: z.number().min(0.05).max(30).default(2).describe('Pictures counted a second.'),
  inferenceWidth: InferenceWidth.default('native').describe(
    'Width the picture is counted at, px; "native" is the picture\'s own, at most the model\'s maxWidth.',
  ),
  farField: FarField.optional(),
  model: Id.optional().describe('A folder under worker.modelsDir; worker.model by default.'),
  steps: z
    .union([z.literal(1), z.literal(2), z.literal(4)])
    .optional()
    .describe("Denoising steps; the model's default."),
  keyframesOnly: z
    .boolean()
    .default(false)
    .describe('Decode keyframes only: a fifth of the CPU time, but no more pictures than the camera has keyframes.'),
  staleAfterMs: z
    .int()
    .min(1000, 'must be 1000 ms (1 s) or more')
    .optional()
    .describe('Age above which a picture is not shown as live; by default three sample periods, at least 3000 ms.'),
  zones: z.array(Zone).max(64).default([]),
  lines: z.array(Line).max(16).default([]),
  timeZone: TimeZone.optional().describe(
    "IANA time zone: the day of a line's totals begins at its midnight. The machine's own by default.",
  ),
  pictureGate: PictureGate.prefault({}),
  calibration: CameraCalibration.optional().describe('Needed for people per square metre.'),
  neighbours: z
    .array(Id)
    .max(8)
    .default([])
    .describe('Cameras shown beside an alert of this one: where its crowd comes from and goes to.'),
});
export type Camera = z.infer<typeof Camera>;

export const Config = z
  .strictObject({
    gateway: z
      .strictObject({
        host: z.string().default('127.0.0.1').describe('Address to listen on; loopback until told otherwise.'),
        port: z.int().min(0).max(65535).default(8080),
        publicUrl: z
          .url({ protocol: /^https?$/, error: 'use the form https://host[:port][/path]' })
          .refine((url) => !/[?#]/.test(url), 'use the form https://host[:port][/path], without ? and #')
          .optional()
          .describe('Where people open the dashboard: messages to receivers then hold whole links.'),
        allowedOrigins: z
          .array(Origin)
          .default([])
          .describe('Web pages of other hosts that may use the socket, and the public names of a proxy before it.'),
        configChanges: z
          .enum(['loopback', 'always', 'never'])
          .default('loopback')
          .describe(
            'Whether set-up in the browser may change this file: while the gateway listens on loopback only, always, or never.',
          ),
      })
      .prefault({}),
    redis: z
      .strictObject({
        url: z
          .string()
          .optional()
          .describe('State database; REDIS_URL wins over it. Without both, Headroom runs its own.'),
        framesUrl: z
          .string()
          .optional()
          .describe(
            'Database of pictures, without persistence; FRAMES_REDIS_URL wins. Default: the next database of url.',
          ),
      })
      .prefault({}),
    ingest: z
      .strictObject({
        maxConnecting: z.int().min(1).max(64).default(4).describe('Cameras that may be connecting at one time.'),
        trialSchemes: z
          .array(z.enum(TRIAL_SCHEMES))
          .default([])
          .describe(
            'Further camera schemes, for trials: file, http, https (MJPEG). Off by default: they can read local files.',
          ),
        clipsDir: z
          .string()
          .regex(/^\P{Cc}+$/u, 'must be a folder name without control characters')
          .optional()
          .describe(
            "Folder of video files that drills may play, beside those that come with Headroom; relative to Headroom's own folder.",
          ),
        httpPort: z
          .int()
          .min(1)
          .max(65535)
          .optional()
          .describe('Serves /healthz, /readyz and /metrics of this service.'),
      })
      .prefault({}),
    worker: z
      .strictObject({
        model: Id.default('standard').describe('Counts every camera that names no other: a folder under modelsDir.'),
        models: z
          .array(Id)
          .max(16)
          .default([])
          .describe('Further models kept loaded, so that a camera can be given one at once.'),
        modelsDir: z.string().min(1).default('models').describe("Relative to Headroom's own folder."),
        processes: z
          .union([z.literal('auto'), z.int().min(1).max(64)])
          .default('auto')
          .describe('Inference processes, one core each; "auto" takes all cores.'),
        provider: z.enum(['cpu', 'cuda', 'tensorrt', 'webgpu']).default('cpu'),
        warmStart: z
          .boolean()
          .default(true)
          .describe("Start each picture's denoising from the map of the one before, and steady its count by it."),
        inferenceDeadlineMs: z
          .int()
          .min(100)
          .default(2000)
          .describe('An inference process that takes longer is replaced.'),
        httpPort: z.int().min(1).max(65535).optional(),
      })
      .prefault({}),
    replay: z
      .strictObject({
        keepMs: z
          .int()
          .min(0)
          .max(86_400_000)
          .default(3_600_000)
          .describe('How long heat maps are kept for looking back; 0 keeps none. No picture is kept with them.'),
        everyMs: z.int().min(1000).max(60_000).default(5_000).describe('How often one of each camera is kept.'),
      })
      .prefault({}),
    alerts: AlertsConfig,
    deliveries: DeliveriesConfig,
    database: DatabaseConfig,
    dataDir: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Where Headroom keeps its own Redis and database; by default a folder under .headroom/ named after this file.',
      ),
    cameras: z
      .array(Camera)
      .max(1000)
      .default([])
      .superRefine((cameras, ctx) => {
        const seen = new Set<string>();
        for (const [index, camera] of cameras.entries()) {
          if (isDrillCamera(camera.id))
            ctx.addIssue({
              code: 'custom',
              path: [index, 'id'],
              message: 'may not begin with drill--: cameras of drills do',
            });
          if (seen.has(camera.id))
            ctx.addIssue({ code: 'custom', path: [index, 'id'], message: 'is used twice; ids must differ' });
          seen.add(camera.id);
          if (camera.staleAfterMs !== undefined && camera.staleAfterMs <= 1000 / camera.sampleFps) {
            const message =
              'must be longer than from one picture to the next (1000 / sampleFps), or no number is ever live';
            ctx.addIssue({ code: 'custom', path: [index, 'staleAfterMs'], message });
          }
          const { farField, inferenceWidth } = camera;
          const fault = farField && farWidthFault(farField, inferenceWidth, 'inferenceWidth');
          if (fault) ctx.addIssue({ code: 'custom', path: [index, 'farField', 'maxWidth'], message: fault });
          for (const [at, id] of camera.neighbours.entries()) {
            const path = [index, 'neighbours', at];
            if (id === camera.id) ctx.addIssue({ code: 'custom', path, message: 'is the camera itself' });
            else if (!cameras.some((other) => other.id === id))
              ctx.addIssue({ code: 'custom', path, message: 'is not the id of a camera here' });
            else if (camera.neighbours.indexOf(id) !== at)
              ctx.addIssue({ code: 'custom', path, message: 'is named twice' });
          }
          for (const part of ['zones', 'lines'] as const) {
            const ids = new Set<string>();
            for (const [at, { id }] of camera[part].entries()) {
              if (ids.has(id)) {
                ctx.addIssue({
                  code: 'custom',
                  path: [index, part, at, 'id'],
                  message: 'is used twice in this camera',
                });
              }
              ids.add(id);
            }
          }
        }
      }),
  })
  // A receiver of a misspelt camera would never hear of anything.
  .superRefine(({ cameras, deliveries }, ctx) => {
    for (const [index, endpoint] of deliveries.endpoints.entries())
      for (const [at, id] of (endpoint.cameras ?? []).entries()) {
        const path = ['deliveries', 'endpoints', index, 'cameras', at];
        if (!cameras.some((camera) => camera.id === id))
          ctx.addIssue({ code: 'custom', path, message: 'is not the id of a camera here' });
      }
  })
  .describe('Headroom configuration');
export type Config = z.infer<typeof Config>;

/** Whether some corner lies off the line through the two that lie furthest apart. */
function hasWidth(polygon: PicturePoint[]): boolean {
  if (polygon.length < 3) return true; // told by another rule
  const first = polygon[0] as PicturePoint;
  const furthestFrom = ([x, y]: PicturePoint): PicturePoint =>
    polygon.reduce((a, b) => (Math.hypot(b[0] - x, b[1] - y) > Math.hypot(a[0] - x, a[1] - y) ? b : a), first);
  const [x1, y1] = furthestFrom(first);
  const [x2, y2] = furthestFrom([x1, y1]);
  const length = Math.hypot(x2 - x1, y2 - y1);
  return polygon.some(
    ([x, y]) => Math.abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) >= NARROWEST_ZONE * length && length > 0,
  );
}

/** Age above which a camera's picture is stale, ms: three sample periods, at least 3 s. */
export function staleAfterMs(camera: Pick<Camera, 'sampleFps' | 'staleAfterMs'>): number {
  return camera.staleAfterMs ?? Math.max(3000, Math.ceil(3000 / camera.sampleFps));
}
