import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpegPlan } from '../../services/ingest/ffmpeg-args.ts';
import { ffmpegPath } from '../../services/ingest/ffmpeg-session.ts';
import { checkFfmpeg } from '../../services/ingest/ffmpeg-version.ts';

const camera = { sampleFps: 2, keyframesOnly: false, inferenceWidth: 'native' as const };

test('the whole plan of an RTSP camera', () => {
  assert.deepEqual(ffmpegPlan(camera, 'rtsp://u:p@10.0.0.1/s', 'quick'), {
    script:
      "ffconcat version 1.0\nfile 'rtsp://u:p@10.0.0.1/s'\noption rtsp_transport tcp\noption allowed_media_types video\noption timeout 5000000\noption probesize 32\noption analyzeduration 0\n",
    inputOptions: [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+verbose'],
      ...['-probesize', '32', '-analyzeduration', '0', '-threads', '1'],
      ...['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'pipe,rtsp,tcp'],
    ],
    outputOptions: [
      ...['-map', '0:v:0', '-an', '-sn', '-dn', '-vf'],
      "select='if(key\\,print(-1));st(0\\,isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.4750)+lt(t\\,prev_selected_t));if(ld(0)\\,print(t));ld(0)',scale=w='min(1280\\,iw)':h=-2:out_color_matrix=bt601:out_range=pc:flags=bicubic,format=yuvj420p",
      ...[
        '-fps_mode',
        'passthrough',
        '-threads',
        '1',
        '-c:v',
        'mjpeg',
        '-q:v',
        '2',
        '-huffman',
        'default',
        '-f',
        'image2pipe',
      ],
    ],
  });
});

test('credentials stand in the script and nowhere else', () => {
  const { script, inputOptions, outputOptions } = ffmpegPlan(camera, 'rtsps://user:CANARY@h/s', 'patient');
  assert.ok(script.includes('CANARY'));
  assert.ok(![...inputOptions, ...outputOptions].join(' ').includes('CANARY'));
});

test('a quote in the URL cannot end the file name', () => {
  const { script } = ffmpegPlan(camera, "rtsp://h/it's", 'quick');
  assert.ok(script.includes("file 'rtsp://h/it'\\''s'\n"));
});

test('each scheme may use its own protocols only', () => {
  const protocols = (url: string) => ffmpegPlan(camera, url, 'quick').inputOptions.at(-1);
  assert.equal(protocols('rtsp://h/s'), 'pipe,rtsp,tcp');
  assert.equal(protocols('rtsps://h/s'), 'pipe,rtsp,tcp,tls');
  assert.equal(protocols('file:///x.mp4'), 'pipe,file');
  assert.throws(() => protocols('concat:x'), /no protocol list/);
});

test('a wider inference lets wider pictures through; keyframes only when asked', () => {
  const plan = ffmpegPlan({ ...camera, inferenceWidth: 1920, keyframesOnly: true }, 'rtsp://h/s', 'quick');
  assert.ok(plan.outputOptions.join(' ').includes('min(1920'));
  assert.ok(plan.inputOptions.join(' ').includes('-skip_frame nokey'));
});

test('a far field lets pictures through as wide as it is counted', () => {
  const widest = (change: object) =>
    /min\((\d+)/.exec(ffmpegPlan({ ...camera, ...change }, 'rtsp://h/s', 'quick').outputOptions.join(' '))?.[1];
  assert.equal(widest({ farField: { until: 0.4, maxWidth: 2048 } }), '2048');
  assert.equal(widest({ farField: { until: 0.4, maxWidth: 1024 } }), '1280');
  assert.equal(widest({ farField: { until: 0.4, maxWidth: 1600 }, inferenceWidth: 1920 }), '1920');
});

test('HEADROOM_FFMPEG without a value names the one on the PATH, as an unset one does', async () => {
  const own = process.env.HEADROOM_FFMPEG;
  process.env.HEADROOM_FFMPEG = '';
  try {
    assert.match(await checkFfmpeg(), /\d/);
    assert.notEqual(ffmpegPath(), '');
  } finally {
    if (own === undefined) delete process.env.HEADROOM_FFMPEG;
    else process.env.HEADROOM_FFMPEG = own;
  }
});
