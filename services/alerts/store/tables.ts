/**
 * The database's tables as queries see them; how they came to be stands in `migrations/`. `body` columns hold a
 * contract's JSON; the others are for queries.
 */

export type DeliveryStatus = 'pending' | 'delivered' | 'dead';

export type AlertTables = {
  /** epoch, fence, last commit, readings position, commands position. */
  meta: { key: string; value: string };
  /** Append-only. `announced` is the outbox: 0 until the event stands in the Redis stream. */
  alert_events: {
    offset: number;
    event_id: string;
    alert_id: string;
    camera_id: string | null;
    zone_id: string | null;
    sequence: number;
    type: string;
    at: number;
    announced: number;
    body: string;
  };
  machines: { id: string; body: string };
  alerts: { id: string; body: string };
  silences: { id: string; body: string };
  /** Every command that changed something: audit, and the answer to its repetition. */
  commands: { command_id: string; at: number; actor: string; body: string; reply: string; replied: number };
  /** Thresholds and zones that were in force, by their hash. */
  config_versions: { version: string; at: number; body: string };
  /** Which of them came into force when. */
  config_in_force: { at: number; version: string };
  threshold_signatures: {
    command_id: string;
    at: number;
    version: string;
    actor: string;
    role: string | null;
    note: string | null;
  };
  deliveries: {
    delivery_id: string;
    endpoint: string;
    event_id: string;
    event_offset: number;
    fast: number;
    status: DeliveryStatus;
    attempts: number;
    created_at: number;
    updated_at: number;
    body: string;
  };
  delivery_attempts: {
    delivery_id: string;
    attempt: number;
    at: number;
    outcome: string;
    status_code: number | null;
    duration_ms: number;
  };
  endpoints: { endpoint: string; disabled_at: number; reason: string };
  /** What was kept of changes of level, or why nothing was. */
  evidence: { event_id: string; alert_id: string; at: number; state: string; body: string };
  /** Sums of readings by span; `zone_id` is empty for the whole picture. */
  history: {
    step_ms: number;
    camera_id: string;
    zone_id: string;
    at: number;
    samples: number;
    count_sum: number;
    count_min: number;
    count_max: number;
    /** Counts whose interval is in the two sums after it: all but those of before it was kept. */
    interval_samples: number;
    count_low_sum: number;
    count_high_sum: number;
    density_samples: number;
    density_sum: number;
    density_peak: number;
  };
  /** Totals of lines at the end of each minute; `since` says what they count from. */
  line_history: {
    camera_id: string;
    line_id: string;
    at: number;
    last_at: number;
    since: number;
    in_total: number;
    out_total: number;
    blind_ms: number;
    doubtful: number;
  };
};
