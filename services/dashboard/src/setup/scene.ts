/** What the picture shows while something is drawn on it, and what its handles do. Pure. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';
import { labelAnchors } from '../picture/zone-shape.ts';
import type { LineInput, ZoneInput } from './inputs.ts';
import { inwardArrow } from './shape.ts';

export type Outline = {
  key: string;
  points: readonly PicturePoint[];
  closed: boolean;
  tone: 'zone' | 'line' | 'length';
  selected: boolean;
};

export type Handles = {
  points: readonly PicturePoint[];
  /** What the points belong to, for those who do not see them. */
  label: string;
  numbered?: boolean;
  move(index: number, to: PicturePoint): void;
  insert?(at: number, point: PicturePoint): void;
  remove?(index: number): void;
};

export type Scene = {
  outlines: Outline[];
  labels: { key: string; at: PicturePoint; text: string }[];
  arrows: { from: PicturePoint; to: PicturePoint; label: string }[];
  grid?: PicturePoint[][] | undefined;
  handles?: Handles | undefined;
  /** A click on the picture. */
  pick?: ((at: PicturePoint) => void) | undefined;
};

/** Zones and lines as they stand, behind whatever is being edited. */
export function sceneOf(
  zones: readonly ZoneInput[],
  lines: readonly LineInput[],
  selected: { zone?: number | undefined; line?: number | undefined },
  inside: string,
  aspect: number,
): Scene {
  const drawn = zones.filter(({ polygon }) => polygon.length > 2);
  const anchors = labelAnchors(drawn.map(({ polygon }) => polygon));
  return {
    outlines: [
      ...zones.map((zone, index) => ({
        key: `zone ${zone.id}`,
        points: zone.polygon,
        closed: true,
        tone: 'zone' as const,
        selected: index === selected.zone,
      })),
      ...lines.map((line, index) => ({
        key: `line ${line.id}`,
        points: line.points,
        closed: false,
        tone: 'line' as const,
        selected: index === selected.line,
      })),
    ],
    labels: drawn.map(({ id, name }, index) => ({ key: id, at: anchors[index] ?? [0.5, 0.5], text: name || id })),
    arrows: lines
      .filter(({ points }) => points.length === 2)
      .map((line) => ({ ...inwardArrow(line.points, line.in, aspect), label: inside })),
  };
}
