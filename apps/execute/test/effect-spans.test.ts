import { configFrom, ServiceConfig, tracingOf } from '@charter/service';
import { startTraceReceiver } from '@charter/service/testing';
import { traceparentOfIncident } from '@charter/shared/contracts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { tracedEffectors } from '../src/adapters/traced-effectors.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { planFrom, targetFrom } from './drafts.ts';
import { createHarness, type Harness } from './harness.ts';
import { startTarget, type TargetServer } from './target-server.ts';

let harness: Harness;
let target: TargetServer;
let receiver: Awaited<ReturnType<typeof startTraceReceiver>>;
beforeAll(async () => {
  harness = await createHarness(inject('postgresUrl'));
  target = await startTarget(true);
  receiver = await startTraceReceiver();
});
afterAll(async () => {
  await harness.close();
  await target.close();
  await receiver.close();
});

test('each attempt at an effect is a span in the trace of its incident, a failed one too', async () => {
  const tracing = await tracingOf('execute', configFrom(ServiceConfig, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }));
  const { effectors } = harness.depsFor(defaultSettings);
  harness.targets.set(
    'web',
    targetFrom('web', {
      kind: 'http',
      url: target.url,
      keyed: true,
      requests: { SCALE_UP: { method: 'PUT', path: '/settings', body: { replicas: '{replicas}' } } },
      readBack: { path: '/state', pointer: '/settings/replicas' },
    }),
  );
  target.moods = ['drop-before', 'answers'];
  harness.world.says.values = { latency: () => (target.effects.length > 0 ? 0.1 : 2) };
  const plan = planFrom({ actions: [{ action: 'SCALE_UP', target: 'web', parameters: { replicas: 6 } }] });
  harness.startExecutor({ deps: { effectors: tracedEffectors(effectors, tracing) } });
  expect(await harness.ended(await harness.submit(plan))).toMatchObject({ outcome_type: 'success' });
  await tracing?.close();

  const [, traceId] = traceparentOfIncident(plan.incidentId).split('-');
  const effects = receiver.spans.filter(({ name }) => name === 'effect scale');
  expect(effects.map((span) => [span.service, span.traceId])).toEqual([
    ['charter-execute', traceId],
    ['charter-execute', traceId],
  ]);
});
