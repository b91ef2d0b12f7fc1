import { traceparentOfIncident } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { evidenceOfAlerts, mergeAlert, subjectOfAlert } from '../src/domain/alert.ts';
import { reconcileAlerts } from '../src/domain/reconcile-alerts.ts';
import { cleanJson } from '../src/domain/storable-text.ts';
import { emptyWatch, type Watch, type WatchRule } from '../src/domain/watch.ts';
import { wavesOf } from '../src/domain/webhook-payload.ts';
import { alert, second, start } from './domain-fixture.ts';

const rule = (name: string, fields: Partial<WatchRule>): WatchRule => ({
  name,
  query: null,
  matchers: null,
  component: null,
  componentLabel: 'component',
  metric: `${name}_metric`,
  comparator: '>',
  threshold: null,
  resolveThreshold: null,
  forSeconds: 0,
  resolveForSeconds: 0,
  severity: 'info',
  upstream: null,
  description: null,
  ...fields,
});

const watchOf = (...rules: WatchRule[]): Watch => ({
  ...emptyWatch,
  rules: new Map(rules.map((each) => [each.name, each])),
});
const subjectOf = (labels: Record<string, string>, watch: Watch = emptyWatch) =>
  subjectOfAlert(alert('x', { labels }), { environment: 'test', watch });

describe('the violation an alert is evidence of', () => {
  test('is that of the rule it names', () => {
    const watch = watchOf(rule('errors', { query: 'errors', threshold: 5, severity: 'critical' }));
    const labels = { alertname: 'A', charter_rule: 'errors', component: 'a', severity: 'info' };
    expect(subjectOf(labels, watch)).toMatchObject({
      rule: 'errors',
      threshold: 5,
      severity: 'critical',
      query: 'errors',
    });
  });

  test('is that of the first rule all of whose matchers it meets', () => {
    const watch = watchOf(
      rule('none', { matchers: { alertname: 'A', team: 'db' } }),
      rule('one', { matchers: { alertname: 'A' }, componentLabel: 'pod' }),
      rule('two', { matchers: { alertname: 'A' } }),
    );
    expect(subjectOf({ alertname: 'A', pod: 'p1' }, watch)).toMatchObject({ rule: 'one', component: 'p1' });
  });

  test.for([
    [{ alertname: 'A', component: 'c', service: 's', job: 'j' }, 'c'],
    [{ alertname: 'A', service: 's', job: 'j' }, 's'],
    [{ alertname: 'A', job: 'j' }, 'j'],
    [{ alertname: 'A' }, 'unknown'],
    [{ alertname: 'A', component: '', service: 's' }, 's'],
  ] as const)('without a rule has its own name and component: %j', ([labels, component]) => {
    expect(subjectOf(labels)).toMatchObject({ rule: 'A', component, query: null, severity: 'warning' });
  });

  test('is none for a dead-man switch, whose severity is none', () => {
    expect(subjectOf({ alertname: 'Watchdog', severity: 'none' })).toBeNull();
  });
});

describe('hearing of an alert again', () => {
  const resolved = { firing: false, endsAt: start + second };
  test.for([
    ['a repeat', {}, {}, true],
    ['its end', {}, resolved, false],
    ['a late repeat after its end', resolved, {}, false],
    ['a new instance after its end', resolved, { startsAt: start + 2 * second }, true],
    ['the late end of an earlier instance', { startsAt: start + 2 * second }, resolved, true],
  ] as const)('%s', ([, known, heard, firing]) => {
    expect(mergeAlert(alert('x', known), alert('x', heard)).firing).toBe(firing);
  });
});

describe('several alerts of one violation', () => {
  const evidence = (...alerts: Parameters<typeof alert>[1][]) =>
    evidenceOfAlerts(
      alerts.map((fields, index) => alert(String(index), fields)),
      { environment: 'test', watch: emptyWatch },
      start,
    );
  const silence = { by: 'silence', reference: 's' } as const;

  test('fire while one does, as severe as the most severe', () => {
    const labels = { alertname: 'Errors', component: 'a' };
    expect(
      evidence(
        { firing: false, labels: { ...labels, severity: 'critical' } },
        { labels: { ...labels, severity: 'info' } },
      ),
    ).toMatchObject({ firing: true, subject: { severity: 'info' } });
    expect(evidence({ firing: false })).toMatchObject({ firing: false });
  });

  test('are suppressed only while all that fire are', () => {
    expect(evidence({ suppression: silence }, {})?.suppression).toBeNull();
    expect(evidence({ suppression: silence }, { firing: false })?.suppression).toEqual(silence);
  });
});

describe('comparing with what Alertmanager lists', () => {
  const askedAt = start + 60 * second;
  const compare = (remembered: ReturnType<typeof alert>[], listed: ReturnType<typeof alert>[]) =>
    reconcileAlerts(remembered, { alerts: listed, askedAt }).map(({ id, firing }) => [id, firing]);

  test('an alert whose webhook was lost fires', () => {
    expect(compare([], [alert('x', { listed: true })])).toEqual([['x', true]]);
  });
  test('an alert whose end was lost is resolved', () => {
    expect(compare([alert('x', { listed: true })], [])).toEqual([['x', false]]);
  });
  test('an alert heard of after the list was asked for stays', () => {
    expect(compare([alert('x', { seenAt: askedAt + 1 })], [])).toEqual([]);
  });
  test('an alert that is listed again after it was taken for resolved fires again', () => {
    const gone = alert('x', { firing: false, listed: true, endsAt: start + second });
    expect(compare([gone], [alert('x', { listed: true, seenAt: start + 2 * second })])).toEqual([['x', true]]);
  });
  test('what agrees differs in nothing', () => {
    const same = alert('x', { listed: true });
    expect(compare([same], [{ ...same, sender: '' }])).toEqual([]);
  });
});

test('words about one alert that contradict each other are acted on one after the other', () => {
  const heard = [alert('x'), alert('y'), alert('x'), alert('x', { firing: false }), alert('y'), alert('x')];
  expect(wavesOf(heard).map((wave) => wave.map(({ id, firing }) => `${id}${firing ? '+' : '-'}`))).toEqual([
    ['x+', 'y+'],
    ['x-', 'y+'],
    ['x+'],
  ]);
});

test('all messages of an incident belong to one trace that follows from its id', () => {
  expect(traceparentOfIncident('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(
    '00-01563e3ab5d3d6764c61efb99302bd5b-4c61efb99302bd5b-01',
  );
});

test('JSON is cleaned of what Postgres cannot store, and of nothing else', () => {
  const texts = [
    'plain',
    'nul \0 nul',
    'half \ud83d',
    '\udc00 half',
    'whole \ud83d\ude00',
    'said \\u0000',
    'back\\\\slash\0',
    '\ud7ff',
  ];
  const cleaned = [
    'plain',
    'nul \ufffd nul',
    'half \ufffd',
    '\ufffd half',
    'whole \ud83d\ude00',
    'said \\u0000',
    'back\\\\slash\ufffd',
    '\ud7ff',
  ];
  expect(JSON.parse(cleanJson(JSON.stringify(texts)))).toEqual(cleaned);
  expect(JSON.parse(cleanJson(JSON.stringify({ 'key\0': 1 })))).toEqual({ 'key\ufffd': 1 });
});
