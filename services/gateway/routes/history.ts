/** Readings over time, and people over a line. */
import { z } from 'zod';
import { Id } from '../../../shared/contracts/common.ts';
import { HistoryPoint, LineHistoryPoint } from '../../../shared/contracts/history.ts';
import { historyCsv, lineHistoryCsv } from './csv.ts';
import { historyRoute, spanFields } from './history-route.ts';

export const historyRoutes = historyRoute({
  path: '/api/history',
  summary: 'Counts and densities over time, oldest first',
  gaps: 'A span without a counted picture is missing, not zero.',
  query: z.object({
    cameraId: Id,
    zoneId: Id.or(z.literal('')).default('').describe('A zone; empty for the whole picture.'),
    ...spanFields(10_000, 'Length of a span. Whole minutes reach back months, shorter ones hours.'),
  }),
  point: HistoryPoint,
  order: (query) => ({ type: 'list-history', actor: 'api', ...query }),
  csv: historyCsv,
  about: ({ cameraId, zoneId }) => [cameraId, zoneId],
});

export const lineHistoryRoutes = historyRoute({
  path: '/api/history/lines',
  summary: 'People in and out over a line, oldest first',
  gaps: 'A span in which nobody wrote anything down is missing, and the next one has its people: coveredMs says so.',
  query: z.object({ cameraId: Id, lineId: Id, ...spanFields(60_000, 'Length of a span, whole minutes.') }),
  point: LineHistoryPoint,
  order: (query) => ({ type: 'list-line-history', actor: 'api', ...query }),
  csv: lineHistoryCsv,
  about: ({ cameraId, lineId }) => [cameraId, lineId],
});
