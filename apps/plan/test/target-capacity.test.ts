import { describe, expect, test } from 'vitest';
import { candidatesFrom } from '../src/domain/candidates-from.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { analysis, rootCause, situation, strategy, target, targetState } from './fixtures.ts';

const web = target('orders', {
  limits: { minReplicas: 1, maxReplicas: 3 },
  capacity: {
    arrivals: 'arrival_rate',
    threshold: '750ms',
    boot: '60s',
    service: { seconds: 0.0386, coldExtraSeconds: 0.05 },
    warmUpRequests: 6_750,
    dimmer: { setting: 'dimmer', levels: [0, 0.25, 0.5, 0.75, 1], service: { seconds: 0.0013 } },
  },
});

const seen = (rate: number, series = 'orders#arrival_rate') => ({
  series,
  changedAt: null,
  before: 10,
  after: rate,
  deviation: null,
  text: 'arrivals rose',
});

interface Case {
  readonly rate?: number;
  readonly series?: string;
  readonly replicas?: number;
  readonly dimmer?: number;
  readonly action?: object;
}

const servers = { action: 'SCALE_UP', parameters: { replicas: { capacity: true } } };
const dimmer = { action: 'UPDATE_CONFIGURATION', parameters: { key: 'dimmer', value: { capacity: true } } };

function candidate({ rate = 30, series, replicas = 1, dimmer: dimmed = 1, action = servers }: Case = {}) {
  const { violations, patterns } = analysis();
  const [found] = candidatesFrom({
    ...situation(),
    settings: defaultSettings,
    violations,
    patterns,
    targets: new Map([['orders', web]]),
    states: new Map([['orders', targetState('orders', { spec: { replicas, config: { dimmer: dimmed } } })]]),
    rootCauses: [rootCause({ metric: 'arrival_rate', evidence: [seen(rate, series)] })],
    strategies: [strategy('fit', [action])],
  });
  if (!found) throw new Error('no candidate');
  return found;
}

describe('a target that declares its capacity', () => {
  test('is sized by what the model expects of each size', () => {
    const { actions, notes, blockedBy } = candidate({ rate: 35 });
    expect(blockedBy).toBeNull();
    expect(actions[0]?.parameters).toEqual({ replicas: 2 });
    expect(notes[0]).toMatch(/^2 servers .* at 35\.0 requests\/s: worth \d+\.\d more than leaving 1/);
  });

  test('is dimmed by as much as the model needs', () => {
    const { actions } = candidate({ rate: 30, action: dimmer });
    expect(actions[0]?.parameters.value).toBeLessThan(1);
    expect(actions[0]?.parameters.value).toBeGreaterThan(0);
  });

  test('gives servers back', () => {
    const down = { action: 'SCALE_DOWN', parameters: { replicas: { capacity: true } } };
    expect(candidate({ rate: 10, replicas: 3, action: down }).actions[0]?.parameters).toEqual({ replicas: 2 });
  });

  test('is left alone where the model finds nothing better', () => {
    expect(candidate({ rate: 12 }).blockedBy).toContain('finds nothing better than 1 servers');
  });

  test('is not guessed at without its arrivals', () => {
    expect(candidate({ series: 'orders#latency_p95' }).blockedBy).toContain('shows no arrival_rate of orders');
  });
});
