import { setTimeout as delay } from 'node:timers/promises';

/** Published addresses of the services, and the key of a person who may do everything. */
export interface Published {
  readonly url: (service: string) => string;
  readonly apiKey: string;
}

const fault = { kind: 'memory_leak', component: 'orders', intensity: 0.8, durationSeconds: 300 };
/** So long is the healthy system watched first, that there is a before to compare with. */
const calmMs = 25_000;
const patienceMs = 150_000;

interface Outcome {
  readonly id: string;
  readonly incidentId: string;
  readonly component: string;
  readonly type: string;
  readonly executed: boolean;
}
interface Effect {
  readonly idempotencyKey: string;
  readonly action: string;
  readonly component: string;
}

export async function ask<Body>(
  { url, apiKey }: Published,
  service: string,
  path: string,
  body?: unknown,
): Promise<Body> {
  const answer = await fetch(`${url(service)}${path}`, {
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service}${path} answers ${String(answer.status)}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as Body;
}

/** Opens a fault through the published ports and waits until the loop has healed it. @throws Error when it does not */
export async function healOneFault(published: Published, report: (line: string) => void): Promise<void> {
  report(`Watching the healthy system for ${String(calmMs / 1_000)} s`);
  await delay(calmMs);
  report(`Opening a fault: ${fault.kind} in ${fault.component}`);
  const started = performance.now();
  await ask(published, 'testbed', '/api/v1/faults', fault);
  const outcome = await until('an outcome of success', patienceMs, async () => {
    const { items } = await ask<{ items: Outcome[] }>(published, 'knowledge', '/api/v1/outcomes');
    return items.find((each) => each.component === fault.component && each.executed && each.type === 'success');
  });
  report(`Healed ${((performance.now() - started) / 1_000).toFixed(1)} s after the fault: outcome ${outcome.type}`);
  await until(`${fault.component} to be healthy`, 30_000, async () => {
    const state = await ask<{ components: Record<string, { healthy: boolean }> }>(
      published,
      'testbed',
      '/api/v1/state',
    );
    return state.components[fault.component]?.healthy === true ? state : undefined;
  });
  const { items: effects } = await ask<{ items: Effect[] }>(published, 'testbed', '/api/v1/effects');
  const keys = new Set(effects.map(({ idempotencyKey }) => idempotencyKey));
  if (effects.length === 0 || keys.size !== effects.length) {
    throw new Error(`${String(effects.length)} effects with ${String(keys.size)} keys: not exactly once`);
  }
  report(`Effects: ${effects.map(({ action, component }) => `${action} of ${component}`).join(', ')}, each once`);
}

/** Asks until there is an answer. @throws Error saying what did not come */
export async function until<T>(what: string, patience: number, answer: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + patience;
  let trouble = '';
  while (performance.now() < deadline) {
    try {
      const found = await answer();
      if (found !== undefined) return found;
    } catch (error) {
      trouble = error instanceof Error ? `: ${error.message}` : '';
    }
    await delay(1_000);
  }
  throw new Error(`Waited ${String(patience / 1_000)} s in vain for ${what}${trouble}`);
}
