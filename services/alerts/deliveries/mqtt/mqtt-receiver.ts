/**
 * An MQTT broker: alert events in order, and the state of every camera as Home Assistant understands it. State is never
 * sent late: what stands at the broker is compared with what is so now, at once and after every reconnection.
 */
import type { MqttClient } from 'mqtt';
import { inTime, LateAnswerError } from '../../in-time.ts';
import type { MqttTarget } from '../endpoint.ts';
import { delivered, failed, GAVE_WAY, type Outcome } from '../outcome.ts';
import type { LiveView, Outgoing, Receiver, ReceiverContext, ViewCamera } from '../receiver.ts';
import { correctionsOf, type Discovery, discoveryOf, type Site } from './discovery.ts';
import { countsOf, retainedState } from './live-state.ts';
import { MqttLink } from './mqtt-link.ts';
import { deviceId, discoveryTopic, OFFLINE, ONLINE, type Topics, topicsOf } from './topics.ts';

/** When nobody has shown anything for this long, readings are not judged: what stands at the broker is not so any more. */
const STUCK_MS = 10_000;
const LOOK_EVERY_MS = 1000;
const GOODBYE_MS = 1000;

type Heard = { topic: string; payload: string; retained: boolean };
type Counted = { at: number; key: string };

export class MqttReceiver implements Receiver {
  readonly ordered = true;
  readonly #target: MqttTarget;
  readonly #context: ReceiverContext;
  readonly #topics: Topics;
  readonly #site: Site;
  readonly #link: MqttLink;
  readonly #watchdog: NodeJS.Timeout;
  /** What ought to stand at the broker. */
  #wanted = new Map<string, string>();
  /** What was published on this connection. */
  readonly #said = new Map<string, string>();
  readonly #counted = new Map<string, Counted>();
  #cameras: ViewCamera[] | undefined;
  #devices = new Map<string, Discovery>();
  /** What stood at the broker before anything was shown on this connection. */
  #found: Heard[] = [];
  #shownAt = Number.NEGATIVE_INFINITY;
  #saysOnline = false;

  constructor(target: MqttTarget, context: ReceiverContext) {
    this.#target = target;
    this.#context = context;
    this.#topics = topicsOf(target.topicPrefix);
    this.#site = {
      prefix: target.topicPrefix,
      topics: this.#topics,
      language: context.language,
      countEveryMs: target.countEveryMs,
    };
    this.#link = new MqttLink({
      target,
      will: { topic: this.#topics.status, payload: OFFLINE },
      onUp: (client) => this.#greet(client),
      onDown: (word) => context.note({ outcome: word, delivered: false }),
      onMessage: (topic, payload, retained) => this.#hear({ topic, payload, retained }),
    });
    this.#watchdog = setInterval(() => this.#lookForLife(), LOOK_EVERY_MS);
    this.#watchdog.unref();
  }

  async deliver({ body }: Outgoing, timeoutMs: number, giveWay?: AbortSignal): Promise<Outcome> {
    const startedAt = performance.now();
    const client = this.#link.up ?? (await this.#firstConnection(timeoutMs, giveWay));
    if (!client) return failed(this.#link.word, startedAt);
    const { type } = JSON.parse(body) as { type: string };
    const topic = type === 'system.heartbeat' ? this.#topics.heartbeat : this.#topics.events;
    const leftMs = Math.max(0, timeoutMs - (performance.now() - startedAt));
    try {
      await inTime(orGivenWay(client.publishAsync(topic, body, { qos: 1 }), giveWay), leftMs);
      return delivered(startedAt);
    } catch (error) {
      // What comes next over this connection comes behind it.
      if (giveWay?.aborted && client === this.#link.up) return failed(GAVE_WAY, startedAt);
      const word = error instanceof LateAnswerError ? 'timeout' : 'connection-lost';
      // Not to be sent behind our back later, out of order.
      this.#link.drop(word);
      return failed(word, startedAt);
    }
  }

  show(view: LiveView): void {
    this.#shownAt = performance.now();
    const mine = this.#concerned(view);
    this.#wanted = new Map([
      ...[...this.#devices].map(([topic, device]) => [topic, JSON.stringify(device)] as const),
      ...retainedState(mine, this.#topics),
    ]);
    const client = this.#link.up;
    if (!client) return;
    for (const topic of this.#said.keys()) {
      if (topic !== this.#topics.status && !this.#wanted.has(topic)) this.#say(client, topic, '');
    }
    for (const [topic, payload] of this.#wanted) {
      const before = this.#said.get(topic);
      const device = this.#devices.get(topic);
      if (!device || before === undefined) this.#say(client, topic, payload);
      else for (const step of correctionsOf(before, device, this.#topics)) this.#say(client, topic, step);
    }
    this.#tellCounts(client, mine);
    // Last: whoever hears it finds everything in place.
    this.#say(client, this.#topics.status, ONLINE);
    this.#saysOnline = true;
    for (const heard of this.#found.splice(0)) this.#correct(client, heard);
  }

  async close(): Promise<void> {
    clearInterval(this.#watchdog);
    const client = this.#link.up;
    if (client) {
      this.#saysOnline = false;
      const goodbye = client.publishAsync(this.#topics.status, OFFLINE, { qos: 1, retain: true });
      await inTime(goodbye, GOODBYE_MS).catch(() => undefined);
    }
    await this.#link.close();
  }

  /** A receiver just made is given the time to connect; one that has lost its broker is not waited for. */
  async #firstConnection(timeoutMs: number, giveWay?: AbortSignal): Promise<MqttClient | undefined> {
    const until = performance.now() + timeoutMs;
    const isInTime = (): boolean => performance.now() < until && giveWay?.aborted !== true;
    while (this.#link.word === 'connecting' && !this.#link.up && isInTime()) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return this.#link.up;
  }

  /** A new connection: nothing is taken for said, and what others left behind is asked for. */
  #greet(client: MqttClient): void {
    this.#said.clear();
    this.#counted.clear();
    this.#found = [];
    this.#saysOnline = false;
    const { homeAssistant, discoveryPrefix } = this.#target;
    const asked = [this.#topics.status, ...this.#topics.retained];
    if (homeAssistant) asked.push(discoveryTopic(discoveryPrefix, '+'));
    client.subscribe(asked, { qos: 1 }, () => undefined);
    this.#context.note({ outcome: 'connected', delivered: true });
  }

  #hear(heard: Heard): void {
    const client = this.#link.up;
    // Before anything was shown it is not known what is right.
    if (!client || !this.#saysOnline) this.#found.push(heard);
    else this.#correct(client, heard);
  }

  /** Something stands at the broker: another process' word, or one of an earlier life. Corrected where it is wrong. */
  #correct(client: MqttClient, { topic, payload, retained }: Heard): void {
    if (topic === this.#topics.status) {
      if (payload !== ONLINE) this.#say(client, topic, ONLINE, true);
      return;
    }
    if (payload === '') return;
    if (topic.startsWith(`${this.#target.discoveryPrefix}/device/`)) {
      // What comes later is the echo of our own steps.
      if (!retained) return;
      const steps = correctionsOf(payload, this.#devices.get(topic), this.#topics);
      for (const step of steps) this.#say(client, topic, step, true);
      return;
    }
    const right = this.#wanted.get(topic) ?? '';
    if (right !== payload) this.#say(client, topic, right, true);
  }

  /** Counts at most so often; that a camera has gone blind is told at once. */
  #tellCounts(client: MqttClient, { cameras, readings }: LiveView): void {
    const now = performance.now();
    for (const reading of readings) {
      const camera = cameras.find(({ id }) => id === reading.cameraId);
      if (!camera) continue;
      const key =
        reading.status === 'ok' ? `ok ${reading.seq} ${reading.capturedAt}` : `${reading.status} ${reading.reason}`;
      const last = this.#counted.get(camera.id);
      if (last?.key === key) continue;
      const isNextCount = reading.status === 'ok' && last?.key.startsWith('ok ') === true;
      if (last && isNextCount && now - last.at < this.#target.countEveryMs) continue;
      this.#counted.set(camera.id, { at: now, key });
      client.publish(this.#topics.counts(camera.id), countsOf(reading, camera), { qos: 0 }, () => undefined);
    }
  }

  /** The loop that judges readings is stuck: whoever reads the broker is told. */
  #lookForLife(): void {
    const client = this.#link.up;
    if (!client || !this.#saysOnline || performance.now() - this.#shownAt < STUCK_MS) return;
    this.#saysOnline = false;
    this.#say(client, this.#topics.status, OFFLINE);
  }

  /** Publishes a value that stays, unless it was said already; '' removes it. What is lost is said anew by the next connection. */
  #say(client: MqttClient, topic: string, payload: string, again = false): void {
    if (!again && this.#said.get(topic) === payload) return;
    if (payload === '') this.#said.delete(topic);
    else this.#said.set(topic, payload);
    client.publish(topic, payload, { qos: 1, retain: true }, () => undefined);
  }

  /** The cameras this receiver is for. Their devices are made anew only when they have changed. */
  #concerned(view: LiveView): LiveView {
    const { cameras: ids, homeAssistant } = this.#target;
    const cameras = ids ? view.cameras.filter(({ id }) => ids.includes(id)) : view.cameras;
    if (this.#cameras !== view.cameras) {
      this.#cameras = view.cameras;
      const devices = homeAssistant ? cameras : [];
      this.#devices = new Map(devices.map((camera) => [this.#deviceTopic(camera), discoveryOf(camera, this.#site)]));
    }
    return { ...view, cameras };
  }

  #deviceTopic({ id }: ViewCamera): string {
    return discoveryTopic(this.#target.discoveryPrefix, deviceId(this.#target.topicPrefix, id));
  }
}

/** Waits for `work`, which goes on all the same, until it shall be waited for no more. @throws the signal's reason */
function orGivenWay<T>(work: Promise<T>, giveWay: AbortSignal | undefined): Promise<T> {
  if (!giveWay) return work;
  const given = new Promise<never>((_, reject) => {
    if (giveWay.aborted) reject(giveWay.reason);
    giveWay.addEventListener('abort', () => reject(giveWay.reason), { once: true });
  });
  return Promise.race([work, given]);
}
