/** Which PostgreSQL servers are refused, by name. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { refuseServer, versionOf } from '../../services/alerts/store/postgres.ts';

it('a server older than its makers maintain is refused with its version and the one needed', () => {
  for (const [number, shown] of [
    [90_624, '9.6.24'],
    [100_023, '10.23'],
    [130_018, '13.18'],
  ] as const) {
    assert.equal(versionOf(number), shown);
    assert.throws(() => refuseServer(number, 'UTF8'), {
      code: 'DATABASE_TOO_OLD',
      message: `PostgreSQL ${shown} is too old: Headroom needs 14 or newer.`,
    });
  }
  for (const number of [140_000, 150_012, 180_001]) refuseServer(number, 'UTF8');
  assert.throws(() => refuseServer(150_012, 'SQL_ASCII'), { code: 'DATABASE_ENCODING' });
});
