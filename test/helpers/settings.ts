/** All settings of `headroom.yaml`, as the configuration schema has them. */
import { z } from 'zod';
import { Config } from '../../shared/config/schema.ts';

export type Setting = {
  /** Such as `cameras[].zones[].capacity`. */
  path: string;
  /** Undefined where there is none. */
  fallback: unknown;
};

type Node = z.core.JSONSchema.BaseSchema;

/** Four thresholds, or the times per level, are one setting. */
const isLevels = (node: Node): boolean => 'severe' in (node.properties ?? {});

export function allSettings(): Setting[] {
  return settingsOf(z.toJSONSchema(Config, { io: 'input' }), '');
}

function settingsOf(node: Node, path: string): Setting[] {
  const items = node.items as Node | undefined;
  // Things of several kinds: the settings of all of them, what they share once.
  if (items?.oneOf) {
    const all = (items.oneOf as Node[]).flatMap((kind) => settingsOf(kind, `${path}[]`));
    return [...new Map(all.reverse().map((setting) => [setting.path, setting])).values()].reverse();
  }
  if (items?.properties) return settingsOf(items, `${path}[]`);
  if (!node.properties || isLevels(node)) return [{ path, fallback: fallbackOf(node) }];
  return Object.entries(node.properties).flatMap(([key, value]) =>
    settingsOf(value as Node, path ? `${path}.${key}` : key),
  );
}

/** A group's own default is the sum of its members'. */
function fallbackOf(node: Node): unknown {
  const members = Object.entries(node.properties ?? {}).map(([key, value]) => [key, (value as Node).default] as const);
  const set = members.filter(([, value]) => value !== undefined);
  return set.length > 0 ? Object.fromEntries(set) : node.default;
}

/** Whether a parsed configuration states a setting; in a list, one item is enough. */
export function states(value: unknown, path: string): boolean {
  const [, key = '', list, rest = ''] = /^([^.[]+)(\[\])?\.?(.*)$/.exec(path) ?? [];
  const inner = (value as Record<string, unknown> | null | undefined)?.[key];
  if (inner === undefined || inner === null) return false;
  if (rest === '') return true;
  return list ? Array.isArray(inner) && inner.some((item) => states(item, rest)) : states(inner, rest);
}
