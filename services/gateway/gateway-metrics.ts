import { Counter, Gauge, Histogram, LATENCY_BUCKETS_SECONDS, type Registry } from '../../shared/runtime/metrics.ts';

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

export function createGatewayMetrics(registry: Registry) {
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
    silent: new Gauge({ name: 'headroom_cameras_without_count', help: 'Cameras that show no count now', registers }),
  };
}
