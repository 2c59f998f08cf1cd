/** Draws the dashboard's PNG icons from its SVG. Run by hand after a change of `icon.svg`; the PNGs are committed. */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const PUBLIC = fileURLToPath(new URL('../../services/dashboard/public/', import.meta.url));

for (const size of [180, 192, 512]) {
  const file = `${PUBLIC}icon-${size}.png`;
  await sharp(`${PUBLIC}icon.svg`, { density: (72 * size) / 32 })
    .resize(size, size)
    .png({ palette: true })
    .toFile(file);
  process.stdout.write(`${file}\n`);
}
