import {
  callService,
  type Installation,
  type StreamedEntry,
  startTrial,
  timelineOf,
  untilAtRest,
  watchHealthySystem,
} from '@charter/launcher';
import type { BenchRow } from '../bench-row.ts';
import { percentile } from './percentile.ts';

const trials = 8;
const patienceMs = 120_000;
/** Each trial breaks another component: a past full of the same fault would hide it. */
const components = ['orders', 'payments', 'catalog', 'database', 'gateway'];

/** The moments of one incident that are compared, each with the moment before it. */
const steps: ReadonlyArray<{ name: string; from: string; to: string }> = [
  { name: 'violation to analysis', from: 'incident-opened', to: 'analyzed' },
  { name: 'analysis to plan', from: 'analyzed', to: 'planned' },
  { name: 'plan to first act', from: 'planned', to: 'step-started' },
  { name: 'detection to act', from: 'incident-opened', to: 'step-started' },
  { name: 'act to verified', from: 'step-completed', to: 'verified' },
];
/** Time to stabilize that the product promises, in seconds, from the start of execution. */
const targetSeconds = 15;

/** Latency of each stage over real heals on the running stack, beside the promised time to stabilize. */
export async function run(): Promise<BenchRow[]> {
  const installation = await startTrial({ singleProcess: false });
  try {
    await watchHealthySystem(installation);
    const stories: StreamedEntry[][] = [];
    for (let trial = 0; trial < trials; trial += 1) stories.push(await heal(installation, trial));
    return steps.flatMap(({ name, from, to }) => {
      const seconds = stories.flatMap((story) => between(story, from, to));
      return [0.5, 0.99].map((share): BenchRow => {
        const value = percentile(seconds, share);
        const label = `${name}, p${String(share * 100)} of ${String(seconds.length)}`;
        const reference = { name: 'promised time to stabilize', value: targetSeconds };
        return { name: label, value, unit: 's', better: 'lower', reference, ratio: value / targetSeconds };
      });
    });
  } finally {
    await installation.stop();
  }
}

async function heal(installation: Installation, trial: number): Promise<StreamedEntry[]> {
  const { url } = installation;
  const stop = new AbortController();
  const patience = AbortSignal.any([stop.signal, AbortSignal.timeout(patienceMs)]);
  const story: StreamedEntry[] = [];
  const stories = timelineOf(url('orchestrator'), patience);
  const told = (async () => {
    for await (const entry of stories) {
      story.push(entry);
      if (entry.event === 'verified') return;
    }
  })();
  const faults = `${url('testbed')}/api/v1/faults`;
  const { id } = await callService<{ id: string }>(faults, {
    method: 'POST',
    body: {
      kind: 'bad_configuration',
      component: components[trial % components.length],
      intensity: 0.9,
      durationSeconds: 600,
    },
  });
  await told;
  stop.abort();
  await fetch(`${faults}/${id}`, { method: 'DELETE' });
  await untilAtRest(installation, patienceMs);
  return story;
}

/** Seconds from the first `from` to the first `to` of the incident that was acted on. */
function between(story: readonly StreamedEntry[], from: string, to: string): number[] {
  const acted = story.find(({ event }) => event === 'execution-started')?.incidentId;
  const at = (event: string) => story.find((entry) => entry.incidentId === acted && entry.event === event)?.at;
  const [begun, ended] = [at(from), at(to)];
  return begun === undefined || ended === undefined ? [] : [(Date.parse(ended) - Date.parse(begun)) / 1_000];
}
