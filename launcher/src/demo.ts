import type { Report } from '@charter/stack';
import { type StreamedEntry, timelineOf } from './event-stream.ts';
import type { Installation } from './installation.ts';
import { callService } from './service-api.ts';

/** What the demo breaks: a service that leaks until it chokes, and is well again after one restart. */
export const demoFault = { kind: 'memory_leak', component: 'orders', intensity: 0.8, durationSeconds: 300 } as const;

/** How long the healthy system is watched first, so that there is a before to compare with. */
const calmSeconds = 20;
/** How long a heal may take before the demo says that it did not come. */
const patienceSeconds = 90;

export interface Heal {
  readonly incidentId: string;
  /** From the fault being opened until the outcome. */
  readonly seconds: number;
  readonly outcome: string;
  readonly entries: readonly StreamedEntry[];
}

/** Opens the fault, tells what every stage sees and does, and resolves when the outcome is known. @throws Error when it never is */
export async function healInFrontOfYou(installation: Installation, report: Report, signal: AbortSignal): Promise<Heal> {
  report(`Watching the healthy system for ${String(calmSeconds)} s, to know what normal looks like`);
  await calm(calmSeconds * 1_000, signal);
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1_000;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceSeconds * 1_000)]);
  const stories = timelineOf(installation.url('orchestrator'), patience, await newestSeq(installation));
  report(`Opening a fault: ${demoFault.kind} in ${demoFault.component}`);
  await callService(`${installation.url('testbed')}/api/v1/faults`, { method: 'POST', body: demoFault });
  const entries: StreamedEntry[] = [];
  let healedBy: string | null = null;
  for await (const entry of stories) {
    entries.push(entry);
    report(`  +${elapsed().toFixed(1).padStart(5)} s  ${entry.stage.padEnd(12)}  ${entry.text}`);
    if (entry.event === 'execution-started') healedBy = entry.incidentId;
    if (entry.event === 'verified' && entry.incidentId === healedBy) {
      const outcome = typeof entry.data.outcome === 'string' ? entry.data.outcome : 'unknown';
      return { incidentId: entry.incidentId, seconds: elapsed(), outcome, entries };
    }
  }
  throw new Error(
    signal.aborted ? 'stopped' : `no outcome within ${String(patienceSeconds)} s; see the timeline above`,
  );
}

/** The number of the newest timeline entry: the demo tells only what comes after it. */
async function newestSeq(installation: Installation): Promise<string> {
  const { items } = await callService<{ items: Array<{ id: string }> }>(
    `${installation.url('orchestrator')}/api/v1/incidents?limit=1`,
  );
  const [newest] = items;
  if (!newest) return '0';
  const { timeline } = await callService<{ timeline: Array<{ seq: string }> }>(
    `${installation.url('orchestrator')}/api/v1/incidents/${newest.id}`,
  );
  return timeline
    .map(({ seq }) => BigInt(seq))
    .reduce((a, b) => (a > b ? a : b), 0n)
    .toString();
}

function calm(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('stopped'));
    });
  });
}
