import { openTransport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry } from '@charter/service';
import { type Adaptation, analyzeAdaptationQueue, type Outcome } from '@charter/shared/contracts';
import { openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { expect, inject, test } from 'vitest';
import { addRevision, saveOutcome } from '../src/adapters/outcome-log.ts';
import { isNewRefit, refitFrom, refitText } from '../src/domain/refit-from.ts';
import { type KnowledgeTables, migrations } from '../src/migrations.ts';
import { publishRefit } from '../src/workers/publish-refit.ts';
import { outcomeOf } from './fixtures.ts';

/** Outcomes of analyses that said so, of which that share was right. */
const ended = (confidence: number, share: number, many: number): Outcome[] =>
  Array.from({ length: many }, (_, index) =>
    outcomeOf({
      rootCause: { component: 'cache', metric: 'latency', confidence },
      type: index < share * many ? 'success' : 'ineffective',
      strategy: `s-${String(confidence)}`,
    }),
  );
const at = (from: number, points: ReadonlyArray<{ from: number; to: number }>) =>
  points.find((point) => Math.abs(point.from - from) < 1e-9)?.to ?? Number.NaN;

test('confidences move towards what they proved to be worth, within the bound, where there are outcomes', () => {
  const refit = refitFrom([...ended(0.9, 0.55, 100), ...ended(0.7, 0.5, 100)]);
  expect(refit?.samples).toBe(200);
  expect(at(0.9, refit?.points ?? [])).toBeCloseTo(0.75, 2);
  expect(at(0.4, refit?.points ?? [])).toBe(0.4);
  expect(refitText(refit?.points ?? [], 200)).toMatch(
    /^By 200 verified outcomes a root cause said to be \d+ % certain/,
  );
});

test('what is right already is left alone, and a handful of outcomes says nothing', () => {
  const refit = refitFrom([...ended(0.9, 0.9, 100), ...ended(0.6, 0.6, 100)]);
  expect(isNewRefit(refit?.points ?? [], null)).toBe(false);
  expect(refitFrom(ended(0.9, 0, 20))).toBeNull();
});

test('analyze is told once when outcomes say something new, and told otherwise when they do', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const prefix = testPrefix();
  const store = await openStore<KnowledgeTables>({ url: database.url, schema: 'knowledge', migrations });
  const heard: Adaptation[] = [];
  const open = (app: string) =>
    openTransport({
      app,
      store,
      redisUrl: inject('redisUrl'),
      registry: createRegistry('analyze'),
      prefix,
      onError: () => undefined,
    });
  const transport = open('knowledge');
  transport.consume(analyzeAdaptationQueue, (message) =>
    store.consume(message, async () => void heard.push(message.data)),
  );
  const learn = (outcomes: readonly Outcome[]) =>
    store.transaction(async (tx) => {
      const speaker = { kind: 'loop', name: 'loop', reason: '' } as const;
      for (const outcome of outcomes) {
        await saveOutcome(tx, outcome, speaker);
        await addRevision(tx, outcome, speaker, true);
      }
    });
  await learn(ended(0.9, 0.4, 60));
  expect(await publishRefit(store)).toBe(true);
  expect(await publishRefit(store)).toBe(false);
  await expect.poll(() => heard).toMatchObject([{ kind: 'confidence', reason: expect.stringContaining('certain') }]);
  expect(at(0.9, heard[0]?.points ?? [])).toBeCloseTo(0.75, 2);
  await learn(ended(0.9, 1, 200));
  expect(await publishRefit(store)).toBe(true);
  await expect.poll(() => heard.length).toBe(2);
  expect(at(0.9, heard[1]?.points ?? [])).toBeGreaterThan(0.82);
  await transport.close();
  await store.close();
  await database.drop();
});
