import { Line } from '../../shared/config/lines.ts';

/** A line across the middle of the picture: left of it is above it on the screen. */
export const level = Line.parse({
  id: 'door',
  points: [
    [0.2, 0.5],
    [0.8, 0.5],
  ],
  in: 'left',
});
