import { callService } from '@charter/launcher';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healMs, type RunningLoop, startLoop } from './running-loop.ts';

/** How soon after its start an alert has to be an incident, in milliseconds. */
const promisedMs = 5_000;

let loop: RunningLoop;

beforeAll(async () => {
  loop = await startLoop({ cycleInterval: '1h' });
}, 240_000);

afterAll(() => loop.stop(), 60_000);

interface Alert {
  readonly startsAt: string;
  readonly labels: Readonly<Record<string, string>>;
}

test(
  "Alertmanager's webhook alone wakes the loop within 5 s of the alert, and the system is healed",
  async () => {
    await loop.break({ kind: 'error_burst', component: 'catalog', intensity: 0.9, durationSeconds: 600 });
    const types = async () => (await loop.outcomes()).filter(({ executed }) => executed).map(({ type }) => type);
    const alerts = `${loop.installation.stack.urls.alertmanager}/api/v2/alerts`;
    const started: Alert[] = [];
    await expect
      .poll(
        async () => {
          started.push(...(await callService<Alert[]>(alerts)).filter(({ labels }) => labels.component === 'catalog'));
          return started.length;
        },
        { timeout: healMs, interval: 200 },
      )
      .toBeGreaterThan(0);
    await expect.poll(types, { timeout: healMs, interval: 250 }).toContain('success');
    const incident = (await loop.incidents()).find(({ component }) => component === 'catalog');
    const { timeline } = await loop.incident(incident?.id ?? '');
    const opened = timeline.find(({ event }) => event === 'incident-opened');
    const alertMs = Math.min(...started.map(({ startsAt }) => Date.parse(startsAt)));
    expect(Date.parse(opened?.at ?? '') - alertMs).toBeLessThan(promisedMs);
    // Knowledge's word is one more message behind its outcome.
    const stages = async () => new Set((await loop.incident(incident?.id ?? '')).timeline.map(({ stage }) => stage));
    await expect
      .poll(stages, { timeout: healMs, interval: 250 })
      .toEqual(new Set(['monitor', 'analyze', 'plan', 'execute', 'knowledge']));
  },
  3 * healMs,
);
