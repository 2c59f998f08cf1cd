// `npm run build`: everything that `npm start` would set up, without starting.
import { setUp } from './setup.mjs';

await setUp('start');
