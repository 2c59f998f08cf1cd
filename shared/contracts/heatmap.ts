/**
 * Binary heat map, one WebSocket message or Redis value each, little-endian:
 *
 *   0  4 bytes  magic "HDHM"
 *   4  u8       version 1
 *   5  u8       length n of the camera id, ASCII
 *   6  u16      width, cells
 *   8  u16      height, cells
 *  10  u16      number of heads h
 *  12  f32      people per cell of one unit of a value
 *  16  f64      capturedAt, epoch ms
 *  24  u32      seq
 *  28  n bytes  camera id
 *  ..  w*h u8   values, row by row
 *  ..  h*4      heads: x, y as u16, 0..65535 across the picture
 *
 * A cell covers 1/width of the picture's width and 1/height of its height.
 */
export type Heatmap = {
  cameraId: string;
  seq: number;
  capturedAt: number;
  width: number;
  height: number;
  peoplePerUnit: number;
  values: Uint8Array;
  /** Head positions, 0–1 from the top left corner. */
  heads: [number, number][];
};

const MAGIC = 0x4d484448;
const HEADER_BYTES = 28;
const MAX_HEADS = 65535;

/** Writes a heat map. Heads beyond 65,535 are left out. */
export function encodeHeatmap(map: Heatmap): Uint8Array {
  const id = new TextEncoder().encode(map.cameraId);
  const heads = map.heads.slice(0, MAX_HEADS);
  const bytes = new Uint8Array(HEADER_BYTES + id.length + map.values.length + heads.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, 1);
  view.setUint8(5, id.length);
  view.setUint16(6, map.width, true);
  view.setUint16(8, map.height, true);
  view.setUint16(10, heads.length, true);
  view.setFloat32(12, map.peoplePerUnit, true);
  view.setFloat64(16, map.capturedAt, true);
  view.setUint32(24, map.seq >>> 0, true);
  bytes.set(id, HEADER_BYTES);
  bytes.set(map.values, HEADER_BYTES + id.length);
  let at = HEADER_BYTES + id.length + map.values.length;
  for (const [x, y] of heads) {
    view.setUint16(at, Math.round(x * 65535), true);
    view.setUint16(at + 2, Math.round(y * 65535), true);
    at += 4;
  }
  return bytes;
}

/** Reads a heat map. Throws on anything that is not one: wrong magic, version or length. */
export function decodeHeatmap(bytes: Uint8Array): Heatmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== 1) {
    throw new Error('not a Headroom heat map, version 1');
  }
  const idLength = view.getUint8(5);
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  const headCount = view.getUint16(10, true);
  const valuesAt = HEADER_BYTES + idLength;
  const headsAt = valuesAt + width * height;
  if (bytes.length !== headsAt + headCount * 4) throw new Error('heat map is cut short or too long');
  const heads: [number, number][] = [];
  for (let at = headsAt; at < bytes.length; at += 4) {
    heads.push([view.getUint16(at, true) / 65535, view.getUint16(at + 2, true) / 65535]);
  }
  return {
    cameraId: new TextDecoder().decode(bytes.subarray(HEADER_BYTES, valuesAt)),
    seq: view.getUint32(24, true),
    capturedAt: view.getFloat64(16, true),
    width,
    height,
    peoplePerUnit: view.getFloat32(12, true),
    values: bytes.subarray(valuesAt, headsAt),
    heads,
  };
}
