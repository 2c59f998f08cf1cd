/** infra/k8s: hardened, wired together, and of one mind with docker-compose.yml. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../../shared/config/load.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = `${ROOT}/infra/k8s`;
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');
const kustomization = parse(read('infra/k8s/kustomization.yaml'));
const compose = parse(read('docker-compose.yml'), { merge: true });
const { version } = JSON.parse(read('package.json'));

const Labels = z.record(z.string(), z.string());
const Probe = z.strictObject({
  httpGet: z.strictObject({ path: z.enum(['/healthz', '/readyz']), port: z.string() }).optional(),
  exec: z.strictObject({ command: z.array(z.string()).min(1) }).optional(),
  periodSeconds: z.int(),
  timeoutSeconds: z.int().optional(),
  failureThreshold: z.int().optional(),
});
const Container = z.strictObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).min(1),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.int() })).optional(),
  envFrom: z
    .array(z.strictObject({ secretRef: z.strictObject({ name: z.string(), optional: z.literal(true) }) }))
    .optional(),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  startupProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  readinessProbe: Probe,
  resources: z.strictObject({
    requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
    limits: z.strictObject({ memory: z.string() }),
  }),
  volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() })),
});
const PodTemplate = z.strictObject({
  metadata: z.strictObject({ labels: Labels }),
  spec: z.strictObject({
    automountServiceAccountToken: z.literal(false),
    enableServiceLinks: z.literal(false),
    terminationGracePeriodSeconds: z.int().min(10).optional(),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.int().positive(),
      runAsGroup: z.int().positive(),
      fsGroup: z.int().positive(),
      seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
    }),
    topologySpreadConstraints: z.array(z.unknown()).optional(),
    containers: z.tuple([Container]),
    volumes: z.array(z.looseObject({ name: z.string() })).optional(),
  }),
});
const Workload = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    replicas: z.int().positive(),
    selector: z.strictObject({ matchLabels: Labels }),
    template: PodTemplate,
    volumeClaimTemplates: z.array(z.looseObject({ metadata: z.strictObject({ name: z.string() }) })).optional(),
  }),
});

type Resource = { kind: string; metadata: { name: string } } & Record<string, unknown>;
const resources = (kustomization.resources as string[]).flatMap((file) =>
  parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [], file);
    return document.toJS() as Resource;
  }),
);
const of = (...kinds: string[]): Resource[] => resources.filter(({ kind }) => kinds.includes(kind));
const workloads = of('Deployment', 'StatefulSet');
const podLabels = workloads.map((workload) => Workload.parse(workload).spec.template.metadata.labels);
const matches = (labels: Record<string, string>, selector: Record<string, string>): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

it('names every manifest in kustomization.yaml', () => {
  const files = readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml');
  assert.deepEqual([...kustomization.resources].sort(), files.sort());
  assert.equal(kustomization.images[0].newTag, version);
});

const config = parseConfig(
  (of('ConfigMap')[0] as unknown as { data: Record<string, string> }).data['headroom.yaml'] as string,
);

it('has a configuration that names the services of Redis', () => {
  const names = new Set(of('Service').map(({ metadata }) => metadata.name));
  for (const url of [config.redis.url, config.redis.framesUrl])
    assert.ok(names.has(new URL(url ?? '').hostname), `no service for ${url}`);
  assert.equal(config.gateway.host, '0.0.0.0');
});

it('runs the same services as docker-compose.yml, but for the demo camera and the optional database', () => {
  const names = Object.keys(compose.services).filter((name) => name !== 'demo-camera' && name !== 'postgres');
  assert.deepEqual(workloads.map(({ metadata }) => metadata.name).sort(), names.sort());
});

const ports: Record<string, number | undefined> = {
  ingest: config.ingest.httpPort,
  worker: config.worker.httpPort,
  alerts: config.alerts.httpPort,
  gateway: config.gateway.port,
  'redis-state': 6379,
  'redis-frames': 6379,
};

for (const resource of workloads) {
  const { name } = resource.metadata;
  describe(name, () => {
    const { spec } = Workload.parse(resource);
    const pod = spec.template.spec;
    const [container] = pod.containers;

    it('selects its own pods', () => assert.ok(matches(spec.template.metadata.labels, spec.selector.matchLabels)));

    it('runs the image and the command of docker-compose.yml', () => {
      assert.equal(container.image, compose.services[name].image);
      assert.deepEqual(container.args, compose.services[name].command);
    });

    it('is asked for its health on a port it serves', () => {
      assert.equal(container.ports?.[0]?.containerPort, ports[name]);
      const portNames = container.ports?.map((port) => port.name) ?? [];
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
        if (probe?.httpGet) assert.ok(portNames.includes(probe.httpGet.port));
        for (const word of probe?.exec?.command ?? []) {
          if (word.startsWith('infra/')) assert.ok(existsSync(`${ROOT}/${word}`), word);
        }
      }
    });

    it('is killed when it hangs, and only then', () => {
      const { livenessProbe: probe } = container;
      assert.ok(probe, 'nobody else would notice');
      // Readiness asks for Redis as well: killing the pod would not bring that back.
      if (probe.httpGet) assert.equal(probe.httpGet.path, '/healthz');
    });

    it('mounts only volumes that it has', () => {
      const volumes = [
        ...(pod.volumes ?? []).map((volume) => volume.name),
        ...(spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name),
      ];
      assert.deepEqual(container.volumeMounts.map((mount) => mount.name).sort(), volumes.sort());
    });

    if (name === 'worker') {
      it('asks for the cores that its processes use', () =>
        assert.equal(Number(container.resources.requests.cpu), config.worker.processes));
    }
  });
}

it('has selectors of services, budgets and policies that find pods', () => {
  for (const resource of of('Service', 'PodDisruptionBudget')) {
    const { selector } = resource.spec as { selector: { matchLabels?: Record<string, string> } };
    const wanted = (selector.matchLabels ?? selector) as Record<string, string>;
    assert.ok(
      podLabels.some((labels) => matches(labels, wanted)),
      `${resource.kind} ${resource.metadata.name}`,
    );
  }
});

it('has a budget for what has several pods, and for nothing else', () => {
  const several = workloads
    .filter((workload) => Workload.parse(workload).spec.replicas > 1)
    .map(({ metadata }) => metadata.name);
  assert.deepEqual(
    of('PodDisruptionBudget')
      .map(({ metadata }) => metadata.name)
      .sort(),
    several.sort(),
  );
});
