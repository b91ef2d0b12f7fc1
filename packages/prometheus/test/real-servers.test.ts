import { startTestAlertmanager, startTestPrometheus } from '@charter/stack/testing';
import { expect, test } from 'vitest';
import { createAlertmanager, createPrometheus } from '../src/index.ts';

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

test('a real Prometheus answers instant and range queries and names its refusals', async () => {
  await using server = await startTestPrometheus(
    'global: {scrape_interval: 1s}\nscrape_configs: [{job_name: dead, static_configs: [{targets: ["127.0.0.1:1"]}]}]\n',
  );
  const prometheus = createPrometheus({ url: server.url });
  await prometheus.ready();
  await expect
    .poll(() => prometheus.instant('up'), { timeout: 10_000 })
    .toMatchObject({ kind: 'vector', samples: [{ labels: { job: 'dead' }, value: 0 }] });
  expect(await prometheus.instant('no_such_metric')).toMatchObject({ reason: 'empty' });
  expect(await prometheus.instant('up{')).toMatchObject({
    reason: 'rejected',
    detail: expect.stringContaining('parse error'),
  });
  expect(await prometheus.instant('up[1m]')).toMatchObject({ reason: 'rejected' });
  expect(await prometheus.instant('vector(0) / 0')).toMatchObject({ reason: 'nan' });
  expect(await prometheus.instant('vector(1) / 0')).toMatchObject({ samples: [{ valueKind: 'infinite' }] });
  const span = { from: ago(30), to: ago(0), stepSeconds: 1 };
  const answer = await prometheus.range('up', span);
  expect(answer).toMatchObject({ kind: 'matrix', series: [{ labels: { job: 'dead' } }] });
  expect(await prometheus.range('up', { ...span, from: ago(86_400) })).toMatchObject({ reason: 'rejected' });
  await server.stop();
  expect(await prometheus.instant('up')).toMatchObject({ reason: 'unavailable' });
  await expect(prometheus.ready()).rejects.toMatchObject({ code: 'upstream-unavailable' });
  await prometheus.close();
});

test('a real Alertmanager gives its alerts and silences, and takes and ends a silence', async () => {
  await using server = await startTestAlertmanager('route: {receiver: none}\nreceivers: [{name: none}]\n');
  const alertmanager = createAlertmanager({ url: server.url });
  await alertmanager.ready();
  expect(await alertmanager.alerts()).toEqual({ kind: 'alerts', alerts: [] });
  const labels = { alertname: 'Slow', component: 'api' };
  await fetch(`${server.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels, startsAt: ago(5), endsAt: ago(-60) }]),
  });
  const state = async () => {
    const answer = await alertmanager.alerts({ matchers: ['component="api"'] });
    return answer.kind === 'alerts' ? answer.alerts.map(({ status }) => status.state) : answer;
  };
  await expect.poll(state, { timeout: 10_000 }).toEqual(['active']);
  const created = await alertmanager.createSilence({
    matchers: [{ name: 'component', value: 'api', isRegex: false }],
    startsAt: ago(0),
    endsAt: ago(-60),
    createdBy: 'test',
    comment: 'while it is repaired',
  });
  const id = created.kind === 'created' ? created.id : '';
  await expect.poll(state).toEqual(['suppressed']);
  expect(await alertmanager.alerts({ silenced: false })).toEqual({ kind: 'alerts', alerts: [] });
  expect(await alertmanager.silences()).toMatchObject({ silences: [{ id, status: { state: 'active' } }] });
  expect(await alertmanager.expireSilence(id)).toEqual({ kind: 'expired' });
  await expect.poll(state).toEqual(['active']);
  expect(await alertmanager.expireSilence('00000000-0000-4000-8000-000000000000')).toEqual({ kind: 'unknown' });
  expect(await alertmanager.alerts({ matchers: ['{{'] })).toMatchObject({ reason: 'rejected' });
  const backwards = { matchers: [], startsAt: ago(0), endsAt: ago(60), createdBy: 'test', comment: '' };
  expect(await alertmanager.createSilence(backwards)).toMatchObject({ reason: 'rejected' });
  await alertmanager.close();
});
