/**
 * The live socket `/ws`, subprotocol `headroom.v1`. Two kinds of message: *state* (cameras, readings, running alerts),
 * of which the latest wins and a slow client skips some, and the *log* of alert events, which is ordered, never skipped,
 * and resumed by `{epoch, offset}`.
 */
import { z } from 'zod';
import { ActiveAlert, AlertEvent, AlertMode, AlertsHealth } from './alert.ts';
import { OperatorCommand } from './alert-command.ts';
import { EpochMs, Id, PicturePoint } from './common.ts';
import { FarField } from './far-field.ts';
import { PublicReading } from './reading.ts';
import { Runbooks } from './runbook.ts';

export const SUBPROTOCOL = 'headroom.v1';

/** Our own close codes; 1001 (going away) and 1009 (too big) keep their usual meaning. */
export const CLOSE_CODES = { tooMany: 4429 } as const;

/** Where each level begins, in the figure's unit. */
export const ThresholdLines = z.object({
  attention: z.number().optional(),
  caution: z.number().optional(),
  alert: z.number().optional(),
  severe: z.number().optional(),
});
export type ThresholdLines = z.infer<typeof ThresholdLines>;

export const CameraInfo = z.object({
  id: Id,
  /** It exists for the drill under way only. */
  exercise: z.literal(true).optional(),
  name: z.string(),
  sampleFps: z.number().positive(),
  /** Age above which a picture is no longer shown as live, ms. */
  staleAfterMs: z.number().positive(),
  zones: z.array(
    z.object({
      id: Id,
      name: z.string(),
      polygon: z.array(PicturePoint),
      capacity: z.number().optional(),
      /** Thresholds in force, for the lines of charts; what raises alerts is the alerts service's. */
      limits: z.object({
        peoplePerSqm: ThresholdLines.optional(),
        occupancy: ThresholdLines.optional(),
        count: ThresholdLines.optional(),
      }),
      /** The zone's own texts; `runbooks` of the site where it has none. */
      runbooks: Runbooks.optional(),
    }),
  ),
  /** Counting lines; only of cameras with lines. */
  lines: z
    .array(
      z.object({
        id: Id,
        name: z.string(),
        points: z.tuple([PicturePoint, PicturePoint]),
        in: z.enum(['left', 'right']),
      }),
    )
    .optional(),
  /** Only of cameras with one: what the test bench counts their pictures with, too. */
  farField: z.object(FarField.shape).optional(),
  /** Whether the ground is calibrated: without it there are no people per square metre. */
  calibrated: z.boolean(),
  /** Ids of the cameras shown beside an alert of this one. */
  neighbours: z.array(Id),
});
export type CameraInfo = z.infer<typeof CameraInfo>;

export const SystemState = z.object({
  ingest: z.enum(['up', 'down']),
  inference: z.enum(['up', 'down']),
  redis: z.enum(['up', 'down']),
  /** Down: no alerts process leads, or the leader is stuck. No reading is judged then. */
  alerts: z.discriminatedUnion('leader', [
    z.object({ leader: z.literal('up'), ...AlertsHealth.shape }),
    z.object({ leader: z.literal('down') }),
  ]),
  /** Model folders whose files cannot be used, while the model before counts on; absent when there are none. */
  refusedModels: z.array(Id).optional(),
});
export type SystemState = z.infer<typeof SystemState>;

export const ServerMessage = z.union([
  z.object({
    type: z.literal('snapshot'),
    serverTime: EpochMs,
    cameras: z.array(CameraInfo),
    runbooks: Runbooks,
    readings: z.array(PublicReading),
    system: SystemState,
  }),
  PublicReading,
  /** The configuration changed. `runbooks`: the site's own, for zones without their own. */
  z.object({ type: z.literal('cameras'), cameras: z.array(CameraInfo), runbooks: Runbooks }),
  z.object({ type: z.literal('heartbeat'), serverTime: EpochMs, system: SystemState }),
  /** State: all running and unacknowledged alerts. Follows the snapshot, then comes with every change. */
  z.object({
    type: z.literal('alerts'),
    /** Place in the log this list is true at; absent while no event has ever been told. */
    epoch: z.string().optional(),
    offset: z.number().int().nonnegative(),
    active: z.array(ActiveAlert),
  }),
  /** State: what is under way that is not the real thing. Follows the snapshot, then comes with every change. */
  z.object({
    type: z.literal('drill'),
    /** `alerts.mode`: other than `actual`, all that is shown is an exercise or a test. */
    mode: AlertMode,
    drill: z
      .object({
        drillId: z.string(),
        title: z.record(z.string(), z.string()),
        by: z.string(),
        startedAt: EpochMs,
        endsAt: EpochMs,
      })
      .optional(),
  }),
  /** Log: one alert event. */
  z.object({ type: z.literal('alert'), event: AlertEvent }),
  /** Answer to `resume`, after the missed events. Not recovered: take `alerts`, and the log from `/api/alerts/events`. */
  z.object({
    type: z.literal('resumed'),
    recovered: z.boolean(),
    epoch: z.string().optional(),
    offset: z.number().int().nonnegative(),
  }),
  /** Answer to `order`. Not ok with code `no-answer`: nothing is known to be done; send it again as it was. */
  z.object({
    type: z.literal('ordered'),
    commandId: z.string(),
    ok: z.boolean(),
    code: z.string().optional(),
    message: z.string().optional(),
  }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;

/** Cameras whose heat maps one client may ask for: more than a wall can show, and the list fits into one message. */
export const MAX_HEATMAPS = 200;

export const ClientMessage = z.discriminatedUnion('type', [
  /** An operator's order. The client makes the commandId: the same one twice is carried out once. Answered by `ordered`. */
  z.object({ type: z.literal('order'), command: OperatorCommand }),
  /** Asks for binary heat maps of these cameras; replaces the earlier list. */
  z.object({ type: z.literal('heatmaps'), cameraIds: z.array(Id).max(MAX_HEATMAPS) }),
  /** Asks for the alert events after this place in the log. */
  z.object({ type: z.literal('resume'), epoch: z.string().max(100), offset: z.number().int().nonnegative() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;
