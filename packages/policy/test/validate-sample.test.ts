import { describe, expect, test } from 'vitest';
import { compileOverrides, validateBatch, validateSample } from '../src/index.ts';
import { classicText, policyText, snapshotOf } from './load.ts';

const now = Date.UTC(2026, 0, 5, 12);
const snapshot = snapshotOf([classicText('production')]);
const sample = { metric_name: 'latency_p50', value: 12.5, timestamp: '2026-01-05T11:59:59Z', source: 'node-1' };
const validate = (change: object) => validateSample(snapshot, { ...sample, ...change }, now);

describe('a sample', () => {
  test('of a whitelisted metric is allowed', () => {
    expect(validate({})).toMatchObject({
      isValid: true,
      allowed: true,
      reason: 'WHITELISTED',
      enforcementAction: 'ALLOW',
      errors: [],
    });
  });

  test('of a forbidden metric is blocked and is an attempt', () => {
    expect(validate({ metric_name: 'user_location' })).toMatchObject({
      isValid: true,
      allowed: false,
      reason: 'FORBIDDEN',
      enforcementAction: 'BLOCK',
      isForbiddenAttempt: true,
    });
  });

  test('of an unknown metric is not whitelisted, which is no attempt', () => {
    expect(validate({ metric_name: 'heart_rate' })).toMatchObject({
      isValid: true,
      allowed: false,
      reason: 'NOT_WHITELISTED',
      enforcementAction: 'REJECT',
      isForbiddenAttempt: false,
    });
  });

  test.each([
    ['metric_name missing', { metric_name: undefined }, 'metric_name is missing'],
    ['metric_name null', { metric_name: null }, 'metric_name is missing'],
    ['metric_name no text', { metric_name: 5 }, 'metric_name is no text'],
    ['metric_name empty', { metric_name: '' }, 'metric_name is empty'],
    [
      'metric_name malformed',
      { metric_name: 'user location!' },
      'metric_name is malformed: letters, digits, _ and :, not starting with a digit',
    ],
    [
      'metric_name starting with a digit',
      { metric_name: '5xx' },
      'metric_name is malformed: letters, digits, _ and :, not starting with a digit',
    ],
    ['metric_name too long', { metric_name: 'a'.repeat(257) }, 'metric_name is longer than 256 characters'],
    ['value missing', { value: undefined }, 'value is missing'],
    ['value of another type', { value: {} }, 'value is neither a number nor text'],
    ['value too long', { value: 'x'.repeat(65_537) }, 'value is longer than 65536 characters'],
    ['timestamp missing', { timestamp: undefined }, 'timestamp is missing'],
    ['timestamp of another type', { timestamp: true }, 'timestamp is neither RFC 3339 text nor epoch seconds'],
    [
      'timestamp malformed',
      { timestamp: 'yesterday' },
      'timestamp is malformed: expected RFC 3339 text or epoch seconds',
    ],
    [
      'timestamp on a day that is none',
      { timestamp: '2025-02-29T00:00:00Z' },
      'timestamp is malformed: expected RFC 3339 text or epoch seconds',
    ],
    ['timestamp in the future', { timestamp: '2026-01-05T12:00:02Z' }, 'timestamp is in the future'],
    ['timestamp in the future, in seconds', { timestamp: now / 1_000 + 60 }, 'timestamp is in the future'],
    ['source missing', { source: undefined }, 'source is missing'],
    ['source of another type', { source: [] }, 'source is no text'],
    ['source empty', { source: '' }, 'source is empty'],
    ['source too long', { source: 's'.repeat(257) }, 'source is longer than 256 characters'],
    ['labels of another type', { labels: 'x' }, 'labels is no map of text'],
    ['a label that is no text', { labels: { a: 1 } }, 'The label a is no text'],
    ['a label too long', { labels: { a: 'x'.repeat(1_025) } }, 'The label a is longer than 1024 characters'],
    [
      'too many labels',
      { labels: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${String(at)}`, ''])) },
      'labels holds more than 64 entries',
    ],
    ['a field that is unknown', { unit: 'ms' }, 'The field unit is unknown'],
  ])('with %s is invalid, with a message of its own', (_name, change, message) => {
    expect(validate(change)).toMatchObject({
      isValid: false,
      allowed: false,
      reason: 'INVALID',
      enforcementAction: 'REJECT',
      errors: [message],
    });
  });

  test.each([null, 5, 'text', [], undefined])('that is %s is invalid', (raw) => {
    expect(validateSample(snapshot, raw, now)).toMatchObject({ isValid: false, errors: ['The sample is no object'] });
  });

  test('with several things wrong tells them all', () => {
    expect(validateSample(snapshot, {}, now).errors).toEqual([
      'metric_name is missing',
      'value is missing',
      'timestamp is missing',
      'source is missing',
    ]);
  });

  test('that is malformed but names a forbidden metric still counts as an attempt', () => {
    expect(validate({ metric_name: 'user_identity', timestamp: 'never' })).toMatchObject({
      isValid: false,
      enforcementAction: 'BLOCK',
      isForbiddenAttempt: true,
    });
  });

  test.each([0, -1, -0, 1e308, Number.POSITIVE_INFINITY, '', 'text', 'ünïcode 😀'])(
    'may have the value %s',
    (value) => {
      expect(validate({ value }).allowed).toBe(true);
    },
  );

  test.each([
    '2026-01-05T12:00:00Z',
    '2026-01-05t11:00:00.123456z',
    '2026-01-05T13:59:59+02:00',
    '2026-01-05T09:30:00-02:30',
    '2024-02-29T23:59:60Z',
    '2026-01-05T11:59:59.999999',
    1_700_000_000,
    1_700_000_000.25,
    0,
    -1,
  ])('may carry the time %s', (timestamp) => {
    expect(validate({ timestamp })).toMatchObject({ isValid: true, allowed: true });
  });

  test('may need an approval first', () => {
    const careful = snapshotOf([
      policyText(['{id: a, effect: require-approval, match: {actions: [collect], metrics: ["gps_*"]}}']),
    ]);
    expect(validateSample(careful, { ...sample, metric_name: 'gps_fix' }, now)).toMatchObject({
      allowed: false,
      reason: 'APPROVAL_REQUIRED',
    });
  });

  test('may be let through by an override', () => {
    const compiled = compileOverrides([
      {
        id: 'o',
        effect: 'allow',
        match: { actions: ['collect'], metrics: ['user_location'] },
        reason: 'rescue',
        startsAt: 0,
        expiresAt: now + 1,
      },
    ]);
    if (!compiled.ok) throw new Error('override refused');
    expect(
      validateSample(snapshot, { ...sample, metric_name: 'user_location' }, now, { overrides: compiled.layer }),
    ).toMatchObject({ allowed: true, reason: 'OVERRIDDEN' });
  });
});

describe('a batch', () => {
  test('counts what passed and what was blocked', () => {
    const { all_valid, blocked, passed, results, total } = validateBatch(
      snapshot,
      [sample, { ...sample, metric_name: 'user_location' }, {}],
      now,
    );
    expect({ all_valid, blocked, passed, total, reasons: results.map(({ reason }) => reason) }).toEqual({
      all_valid: false,
      blocked: 2,
      passed: 1,
      total: 3,
      reasons: ['WHITELISTED', 'FORBIDDEN', 'INVALID'],
    });
  });

  test('that is empty is valid', () => {
    expect(validateBatch(snapshot, [], now)).toEqual({ total: 0, passed: 0, blocked: 0, all_valid: true, results: [] });
  });
});
