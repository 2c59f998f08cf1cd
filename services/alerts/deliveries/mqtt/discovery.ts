/**
 * Home Assistant's device discovery: one device for each camera, with its sensors. Pure.
 * https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
 */
import { ShownLevel } from '../../../../shared/contracts/alert.ts';
import type { ViewCamera } from '../receiver.ts';
import { type Language, TEXTS } from '../texts.ts';
import { deviceId, OFFLINE, ONLINE, type Topics } from './topics.ts';

type Component = { p: 'sensor' | 'binary_sensor' } & Record<string, unknown>;
export type Discovery = {
  dev: { ids: string[]; name: string; mf: string; mdl: string };
  o: { name: string; sw?: string };
  availability: { topic: string }[];
  cmps: Record<string, Component>;
  qos: 1;
};

const ORIGIN = 'Headroom';
const PEOPLE_PER_SQM = 'people/m²';
/** Without a new count for this long Home Assistant gives the old one up by itself, s. */
const LEAST_EXPIRY_S = 10;

export type Site = { prefix: string; topics: Topics; language: Language; countEveryMs: number };

export function discoveryOf(camera: ViewCamera, site: Site): Discovery {
  const { topics, prefix, language } = site;
  const t = TEXTS[language];
  const device = deviceId(prefix, camera.id);
  const onLife = [{ topic: topics.status, payload_available: ONLINE, payload_not_available: OFFLINE }];
  // A number is there only while Headroom lives and the camera is counted.
  const onCounts = {
    availability: [...onLife, { ...onLife[0], topic: topics.availability(camera.id) }],
    availability_mode: 'all',
    expire_after: Math.max(LEAST_EXPIRY_S, Math.ceil((3 * (camera.staleAfterMs + site.countEveryMs)) / 1000)),
  };
  const number = (id: string, name: string, path: string, unit: string, digits: number): [string, Component] => [
    id,
    {
      p: 'sensor',
      unique_id: `${device}_${id}`,
      name,
      state_topic: topics.counts(camera.id),
      value_template: `{{ value_json${path} }}`,
      unit_of_measurement: unit,
      state_class: 'measurement',
      suggested_display_precision: digits,
      ...onCounts,
    },
  ];
  const cmps: [string, Component][] = [
    number('count', t.count, '.count', t.people, 0),
    [
      'problem',
      {
        p: 'binary_sensor',
        unique_id: `${device}_problem`,
        name: t.blind,
        device_class: 'problem',
        state_topic: topics.problem(camera.id),
        availability: onLife,
      },
    ],
  ];
  for (const zone of camera.zones) {
    const path = `.zones['${zone.id}']`;
    cmps.push(number(`${zone.id}_count`, `${zone.name} ${t.count}`, `${path}.count`, t.people, 0));
    if (zone.calibrated) {
      cmps.push(
        number(`${zone.id}_density`, `${zone.name} ${t.density}`, `${path}.peoplePerSqm`, PEOPLE_PER_SQM, 1),
        number(`${zone.id}_peak`, `${zone.name} ${t.peakDensity}`, `${path}.peakPeoplePerSqm`, PEOPLE_PER_SQM, 1),
      );
    }
    if (!zone.judged) continue;
    // Not bound to the camera's pictures: an alert that stands while the camera is blind must stay in sight.
    cmps.push([
      `${zone.id}_level`,
      {
        p: 'sensor',
        unique_id: `${device}_${zone.id}_level`,
        name: `${zone.name} ${t.level}`,
        device_class: 'enum',
        options: ShownLevel.options,
        state_topic: topics.level(camera.id, zone.id),
        availability: onLife,
      },
    ]);
  }
  return {
    dev: { ids: [device], name: camera.name, mf: ORIGIN, mdl: t.camera },
    o: { name: ORIGIN },
    availability: onLife,
    cmps: Object.fromEntries(cmps),
    qos: 1,
  };
}

/**
 * What to do about a device found at the broker.
 * @param found the retained payload, whoever wrote it
 * @returns nothing for a device that is not ours or is as it should be; the payloads to publish in order, '' removes
 */
export function correctionsOf(found: string, wanted: Discovery | undefined, topics: Topics): string[] {
  let old: Partial<Discovery>;
  try {
    old = JSON.parse(found) as Partial<Discovery>;
  } catch {
    return [];
  }
  if (old.o?.name !== ORIGIN || old.availability?.[0]?.topic !== topics.status) return [];
  if (!wanted) return [''];
  const now = JSON.stringify(wanted);
  if (found === now) return [];
  // A component that is gone is named once more, without anything: so Home Assistant removes its entity.
  const gone = Object.entries(old.cmps ?? {}).filter(([id]) => !(id in wanted.cmps));
  if (gone.length === 0) return [now];
  const removing = Object.fromEntries(gone.map(([id, { p }]) => [id, { p }]));
  return [JSON.stringify({ ...wanted, cmps: { ...wanted.cmps, ...removing } }), now];
}
