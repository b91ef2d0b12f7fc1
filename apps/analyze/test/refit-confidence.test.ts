import { openTransport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry } from '@charter/service';
import type { Adaptation } from '@charter/shared/contracts';
import { analyzeAdaptationQueue } from '@charter/shared/contracts';
import { newId, openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { expect, inject, test } from 'vitest';
import { refitRecords } from '../src/adapters/refit-records.ts';
import { refitConfidence, refitFinding } from '../src/domain/refit-confidence.ts';
import { type AnalyzeTables, migrations } from '../src/migrations.ts';
import { onAdaptation } from '../src/workers/on-adaptation.ts';

const points = [
  { from: 0.6, to: 0.6 },
  { from: 0.8, to: 0.7 },
  { from: 1, to: 0.8 },
];

test('a confidence is moved between two points on their line, and never beyond the bound', () => {
  const refit = { points, bound: 0.15 };
  expect(refitConfidence(0.8, refit)).toBeCloseTo(0.7, 9);
  expect(refitConfidence(0.7, refit)).toBeCloseTo(0.65, 9);
  expect(refitConfidence(1, refit)).toBeCloseTo(0.85, 9);
  expect(refitConfidence(0.2, refit)).toBe(0.2);
  expect(refitConfidence(0.8, { points: [], bound: 0.15 })).toBe(0.8);
});

test('a finding keeps its causes and their order', () => {
  const cause = (component: string, confidence: number) => ({ component, metric: 'm', confidence, evidence: [] });
  const finding = {
    verdict: 'determined' as const,
    patterns: [],
    rootCauses: [cause('a', 0.9), cause('b', 0.1)],
    recommendations: [],
    confidence: 0.9,
  };
  const { rootCauses, confidence } = refitFinding(finding, { points, bound: 0.15 });
  expect(rootCauses.map(({ component }) => component)).toEqual(['a', 'b']);
  expect(confidence).toBeCloseTo(0.75, 9);
  expect(refitFinding(finding, { points, bound: 0 })).toBe(finding);
});

test('the newest word of Knowledge counts, and one without points takes it back', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const store = await openStore<AnalyzeTables>({ url: database.url, schema: 'analyze', migrations });
  const transport = openTransport({
    app: 'analyze',
    store,
    redisUrl: inject('redisUrl'),
    registry: createRegistry('analyze'),
    prefix: testPrefix(),
    onError: () => undefined,
  });
  transport.consume(analyzeAdaptationQueue, onAdaptation(store));
  const say = (at: string, told: Adaptation['points'] = []) =>
    store.transaction((tx) =>
      tx.enqueue(analyzeAdaptationQueue, {
        id: newId(),
        kind: 'confidence',
        subject: 'root-cause-confidence',
        value: 0,
        confidence: 1,
        reason: 'outcomes',
        at,
        points: told,
      }),
    );
  const refits = refitRecords(store, 0.15);
  expect((await refits.current()).points).toEqual([]);
  await say('2026-01-02T00:00:00.000Z', points);
  await expect.poll(async () => (await refits.current()).points).toEqual(points);
  await say('2026-01-01T00:00:00.000Z', [{ from: 0, to: 1 }]);
  await say('2026-01-03T00:00:00.000Z');
  await expect.poll(async () => (await refits.current()).points).toEqual([]);
  await transport.close();
  await store.close();
  await database.drop();
});
