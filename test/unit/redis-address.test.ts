import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Config } from '../../shared/config/schema.ts';
import { configuredRedis } from '../../shared/runtime/environment.ts';
import { redisOptions } from '../../shared/runtime/redis.ts';

test('a password is read encoded and, where it holds a plain percent sign, as it stands', () => {
  for (const url of ['redis://:50%25off@h', 'redis://:50%off@h']) assert.equal(redisOptions(url).password, '50%off');
});

test('the frames stand in the next database of the same server', () => {
  const of = (state: string) => configuredRedis(Config.parse({}), { REDIS_URL: state })?.frames;
  assert.equal(of('redis://h:6380/2'), 'redis://h:6380/3');
  assert.equal(of('unix:///run/r.sock'), 'unix:///run/r.sock?db=1');
});

test('an address that is no URL is refused in words that help, though no frames database is named', () => {
  const urls = configuredRedis(Config.parse({}), { REDIS_URL: 'localhost' });
  assert.throws(() => redisOptions(urls?.state ?? ''), { code: 'REDIS_URL_INVALID' });
});

test('an IPv6 address is reached without its brackets', () => {
  assert.equal(redisOptions('redis://[::1]:6380/1').host, '::1');
});
