import { Target } from '@charter/shared/contracts';

/** A process that calls others, with one signal of its own. */
export const processTarget = (name: string, dependsOn: string[]): Target =>
  Target.parse({
    apiVersion: 'charter/v1',
    kind: 'Target',
    metadata: { name },
    effector: { kind: 'process', supervisorUrl: 'http://127.0.0.1:1' },
    actions: ['RESTART_SERVICE'],
    dependsOn,
    signals: [{ name: 'latency_p95_seconds', query: `latency{component="${name}"}` }],
  });
