/** People per cell from one grid to another over the same ground. Pure. */

/** Row by row. */
export type Grid = { width: number; height: number; values: Float32Array };

/**
 * Spreads every cell's value evenly over its area and gathers it in the cells of another grid: the sum stays.
 * @param rows of `from` that the other grid covers, from the top; the last of them may be a part of a row
 * @param columns the same from the left
 */
export function regrid(
  from: Grid,
  rows: number,
  to: { width: number; height: number },
  columns: number = from.width,
): Float32Array {
  const down = overlaps(rows, to.height);
  const across = overlaps(columns, to.width);
  const out = new Float64Array(to.width * to.height);
  const line = new Float64Array(to.width);
  let gathered = -1;
  for (const { source: y, target: row, share } of down) {
    if (y !== gathered) {
      line.fill(0);
      for (const { source: x, target: column, share: part } of across) {
        line[column] = (line[column] as number) + (from.values[y * from.width + x] as number) * part;
      }
      gathered = y;
    }
    for (let column = 0; column < to.width; column++) {
      const at = row * to.width + column;
      out[at] = (out[at] as number) + (line[column] as number) * share;
    }
  }
  return Float32Array.from(out);
}

/** Which cells of a line meet which of another line of the same length, and the share of the source cell that does. */
function overlaps(length: number, cells: number): { source: number; target: number; share: number }[] {
  const step = length / cells;
  return Array.from({ length: Math.ceil(length) }, (_, source) => {
    const end = Math.min(source + 1, length);
    const first = Math.floor(source / step);
    const last = Math.min(cells, Math.ceil(end / step));
    return Array.from({ length: last - first }, (_, i) => {
      const target = first + i;
      const share = Math.min(end, (target + 1) * step) - Math.max(source, target * step);
      return { source, target, share };
    });
  }).flat();
}
