/** What the alerts service counts. */
import { Counter, Gauge, Histogram, LATENCY_BUCKETS_SECONDS, type Registry } from '../../shared/runtime/metrics.ts';

export type AlertMetrics = ReturnType<typeof createAlertMetrics>;

export function createAlertMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ['endpoint'] as const;
  const backlog = new Gauge({
    name: 'headroom_delivery_backlog',
    help: 'Deliveries that a receiver has not taken yet',
    labelNames,
    registers,
  });
  const oldestUnsentSeconds = new Gauge({
    name: 'headroom_delivery_oldest_unsent_seconds',
    help: 'How long the oldest of them has been waiting; 0 when none waits',
    labelNames,
    registers,
  });
  const receiverFailing = new Gauge({
    name: 'headroom_receiver_failing',
    help: '1 for a receiver whose last try failed, or that is disabled',
    labelNames,
    registers,
  });
  return {
    backlog,
    oldestUnsentSeconds,
    receiverFailing,
    /** Only the leader speaks of receivers, and only of those that are configured. */
    forgetReceivers(): void {
      for (const gauge of [backlog, oldestUnsentSeconds, receiverFailing]) gauge.reset();
    },
    leader: new Gauge({ name: 'headroom_alerts_leader', help: '1 while this process leads', registers }),
    databaseAway: new Gauge({
      name: 'headroom_alerts_database_away',
      help: '1 while the leader cannot store: alerts are judged, but neither kept nor told',
      registers,
    }),
    configInfo: new Gauge({
      name: 'headroom_config_info',
      help: '1 for the version of thresholds, zones, calibration and receivers in force',
      labelNames: ['version'],
      registers,
    }),
    databaseBytes: new Gauge({
      name: 'headroom_database_bytes',
      help: 'Size of the database of alerts and history',
      labelNames: ['kind'],
      registers,
    }),
    diskFreeBytes: new Gauge({
      name: 'headroom_data_disk_free_bytes',
      help: 'Free space below the data folder',
      registers,
    }),
    diskBytes: new Gauge({
      name: 'headroom_data_disk_bytes',
      help: 'Size of the disk below the data folder',
      registers,
    }),
    events: new Counter({
      name: 'headroom_alert_events_total',
      help: 'Events written to the log',
      labelNames: ['type', 'level', 'mode'],
      registers,
    }),
    captureToDecisionSeconds: new Histogram({
      name: 'headroom_alert_capture_to_decision_seconds',
      help: 'Age of the picture behind a zone event when it was decided',
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
    evidence: new Counter({
      name: 'headroom_alert_evidence_total',
      help: 'Changes of level whose picture and heat map were kept, or why not',
      labelNames: ['outcome'],
      registers,
    }),
    deliveries: new Counter({
      name: 'headroom_delivery_attempts_total',
      help: 'Tries to deliver to receivers, heartbeats among them',
      labelNames: ['endpoint', 'outcome'],
      registers,
    }),
    dead: new Counter({
      name: 'headroom_deliveries_dead_total',
      help: 'Deliveries given up after the last try',
      labelNames: ['endpoint'],
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'headroom_delivery_seconds',
      help: 'From the decision to the receiver’s 2xx',
      labelNames: ['endpoint'],
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
  };
}
