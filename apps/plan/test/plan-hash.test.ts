import { describe, expect, test } from 'vitest';
import { planHash } from '../src/domain/plan-hash.ts';
import { propose } from '../src/domain/propose.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { situation } from './fixtures.ts';

describe('hash', () => {
  const actions = () => propose(situation(), defaultSettings).running[0]?.candidate.actions ?? [];

  test('is the same for the same effects, whatever the order of keys, costs and risks', () => {
    const [action] = actions();
    if (!action) throw new Error('no action');
    const reordered = Object.fromEntries(Object.entries(action).toReversed()) as typeof action;
    expect(planHash('production', [{ ...reordered, cost: 0.9, risk: 0.9 }])).toBe(planHash('production', [action]));
    expect(planHash('production', [action])).toMatch(/^[0-9a-f]{64}$/);
  });

  test('differs by environment, action, target, parameter and order', () => {
    const [action] = actions();
    if (!action) throw new Error('no action');
    const other = { ...action, id: 'step-2', target: 'payments' };
    const hashes = [
      planHash('production', [action]),
      planHash('staging', [action]),
      planHash('production', [{ ...action, action: 'SCALE_DOWN' }]),
      planHash('production', [{ ...action, target: 'payments' }]),
      planHash('production', [{ ...action, parameters: { replicas: 7 } }]),
      planHash('production', [action, other]),
      planHash('production', [other, action]),
      planHash('production', []),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
