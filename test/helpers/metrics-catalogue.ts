/** Every metric that a service really registers, with its type and labels. */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Registry } from 'prom-client';
import { createRegistry } from '../../shared/runtime/metrics.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type MetricFact = { type: string; labels: string[]; services: string[]; help: string };

/** Headroom's own metrics by name; `standard` adds those that every Node process has. */
export async function metricsCatalogue(standard = false): Promise<Map<string, MetricFact>> {
  const facts = new Map<string, MetricFact>();
  const add = async (registry: Registry, service: string): Promise<void> => {
    const types = new Map((await registry.getMetricsAsJSON()).map((metric) => [metric.name, metric]));
    for (const metric of registry.getMetricsAsArray() as unknown as { name: string; labelNames: string[] }[]) {
      const { type = '', help = '' } = (types.get(metric.name) ?? {}) as { type?: string; help?: string };
      const services = [...(facts.get(metric.name)?.services ?? []), service];
      facts.set(metric.name, { type: String(type), help, labels: [...metric.labelNames], services });
    }
  };
  for (const file of globSync('services/*/*-metrics.ts', { cwd: ROOT }).sort()) {
    const module = (await import(`${ROOT}/${file}`)) as Record<string, (registry: Registry) => unknown>;
    const create = Object.entries(module).find(([name]) => name.startsWith('create'))?.[1];
    if (!create) throw new Error(`${file} exports no create…Metrics`);
    const service = file.split('/')[1] as string;
    const registry = createRegistry(service, 'test');
    // The standard ones are in every registry.
    if (!standard) registry.clear();
    create(registry);
    await add(registry, service);
  }
  return facts;
}

/** Metric names in a PromQL expression, without what makes a histogram a series. */
export function metricsIn(expression: string): string[] {
  return [...expression.matchAll(/\bheadroom_[a-z0-9_]+/g)].map(([name]) => name as string);
}

/** What is wrong with the metrics of an expression: unknown names, labels that no metric in it has. */
export function expressionFaults(expression: string, catalogue: Map<string, MetricFact>): string[] {
  const faults: string[] = [];
  const labels = new Set(['service', 'instance', 'job', 'le']);
  for (const name of metricsIn(expression)) {
    const base = name.replace(/_(bucket|sum|count)$/, '');
    const fact = catalogue.get(name) ?? (catalogue.get(base)?.type === 'histogram' ? catalogue.get(base) : undefined);
    if (!fact) faults.push(`there is no metric ${name}`);
    else if (fact.type === 'histogram' && name === base) faults.push(`${name} is a histogram: take its _bucket`);
    else if (
      /rate|increase/.test(expression) &&
      fact.type === 'gauge' &&
      new RegExp(`(rate|increase)\\(${name}`).test(expression)
    ) {
      faults.push(`${name} is a gauge: it has no rate`);
    }
    for (const label of fact?.labels ?? []) labels.add(label);
  }
  const used = [
    ...[...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) =>
      inner.split(',').map((part) => part.split(/[=!]/)[0]),
    ),
    ...[...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) => inner.split(',')),
  ];
  for (const label of used)
    if (label?.trim() && !labels.has(label.trim())) faults.push(`no metric has the label ${label.trim()}`);
  return faults;
}
