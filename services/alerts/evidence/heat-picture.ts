/** A heat map drawn for eyes: PNG with a clear ground, to be laid over the picture or looked at alone. */
import sharp from 'sharp';
import { paintCells } from '../../../shared/contracts/heat-colours.ts';
import type { Heatmap } from '../../../shared/contracts/heatmap.ts';

const WIDTH_PX = 960;

/**
 * @param outline the zone's corners, 0–1; drawn because the zone may be another one by the time somebody looks
 * @param aspect width over height of the picture; the map's own when unknown
 */
export async function drawHeat(
  map: Heatmap,
  outline: readonly (readonly [number, number])[],
  aspect?: number,
): Promise<Buffer> {
  const heightPx = Math.max(1, Math.round(WIDTH_PX / (aspect ?? map.width / map.height)));
  const cells = new Uint8ClampedArray(map.width * map.height * 4);
  // The fullest cell is the brightest: the map says where, the event says how many.
  paintCells(cells, map.values, map.peoplePerUnit, 255 * map.peoplePerUnit);
  const heat = await sharp(Buffer.from(cells.buffer), { raw: { width: map.width, height: map.height, channels: 4 } })
    .resize(WIDTH_PX, heightPx, { fit: 'fill', kernel: 'linear' })
    .png()
    .toBuffer();
  const points = outline.map(([x, y]) => `${(x * WIDTH_PX).toFixed(1)},${(y * heightPx).toFixed(1)}`).join(' ');
  const zone = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH_PX}" height="${heightPx}"><g fill="none" stroke-linejoin="round"><polygon points="${points}" stroke="#000" stroke-width="6"/><polygon points="${points}" stroke="#fff" stroke-width="3"/></g></svg>`;
  return sharp(heat)
    .composite([{ input: Buffer.from(zone) }])
    .png({ compressionLevel: 9 })
    .toBuffer();
}
