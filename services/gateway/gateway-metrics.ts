import { Counter, Gauge, Histogram, LATENCY_BUCKETS_SECONDS, type Registry } from '../../shared/runtime/metrics.ts';

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** @param isConfigFaulty asked whenever the metrics are read */
export function createGatewayMetrics(registry: Registry, isConfigFaulty: () => Promise<boolean> = async () => false) {
  const registers = [registry];
  return {
    clients: new Gauge({ name: 'headroom_socket_clients', help: 'Open live sockets', registers }),
    sent: new Counter({ name: 'headroom_socket_messages_sent_total', help: 'Messages sent', registers }),
    conflated: new Counter({
      name: 'headroom_socket_messages_conflated_total',
      help: 'State messages a slow client skipped for a newer one',
      registers,
    }),
    slowClosed: new Counter({
      name: 'headroom_socket_slow_clients_closed_total',
      help: 'Clients cut off because they did not read',
      registers,
    }),
    pushAge: new Histogram({
      name: 'headroom_capture_to_push_seconds',
      help: 'From capture to the push of the count',
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
    configFaulty: new Gauge({
      name: 'headroom_config_faulty',
      help: '1 while the configuration file has faults and an older state of it is in force',
      registers,
      async collect() {
        this.set((await isConfigFaulty()) ? 1 : 0);
      },
    }),
    silent: new Gauge({ name: 'headroom_cameras_without_count', help: 'Cameras that show no count now', registers }),
  };
}
