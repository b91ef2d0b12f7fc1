import { startInProcess } from '@charter/launcher';
import type { RunningService } from '@charter/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningLoop, startLoop } from '../closed-loop/running-loop.ts';
import { healMs, healWhile } from './one-heal.ts';

const stages = ['charter', 'orchestrator', 'knowledge', 'execute', 'plan', 'analyze', 'monitor'] as const;

let loop: RunningLoop;
let second: RunningService[];

beforeAll(async () => {
  loop = await startLoop();
  second = await startInProcess(stages, { ...loop.installation.environment, PORT: '0' });
}, 240_000);

afterAll(async () => {
  for (const service of second.toReversed()) await service.close();
  await loop.stop();
}, 120_000);

test(
  'two replicas of every stage heal as one: one incident, one effect',
  async () => {
    const { outcome, effects } = await healWhile(loop, 'incident-opened', () => undefined);
    expect(outcome.type).toBe('success');
    expect(effects).toHaveLength(outcome.actions.length);
    const opened = (await loop.incidents()).filter(({ component }) => component === outcome.component);
    expect(opened).toHaveLength(1);
  },
  3 * healMs,
);
