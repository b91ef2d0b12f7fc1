import type { Prometheus } from '@charter/prometheus';
import { CharterError, type VerificationSignal } from '@charter/shared/contracts';
import { excessOf, type Reading } from '../domain/reading.ts';
import type { Signals, Violations } from '../ports.ts';

/** Signals from Prometheus by the query that raised them; from the monitor where there is none. */
export function prometheusSignals(prometheus: Pick<Prometheus, 'instant'>, violations: Violations): Signals {
  const once = askedOnce(prometheus);
  return {
    read: (signal) => (signal.query === null ? fromMonitor(violations, signal) : fromQuery(once, signal, signal.query)),
  };
}

/** What is asked at the same instant is asked once: one rule's query answers for a component and all its peers. */
function askedOnce(prometheus: Pick<Prometheus, 'instant'>): Pick<Prometheus, 'instant'> {
  const asked = new Map<string, ReturnType<Prometheus['instant']>>();
  return {
    instant(query) {
      const known = asked.get(query);
      if (known) return known;
      const answer = prometheus.instant(query);
      asked.set(query, answer);
      queueMicrotask(() => asked.delete(query));
      return answer;
    },
  };
}

async function fromQuery(
  prometheus: Pick<Prometheus, 'instant'>,
  signal: VerificationSignal,
  query: string,
): Promise<Reading> {
  const answer = await prometheus.instant(query);
  if (answer.kind === 'inconclusive') return { kind: 'missing', reason: `${answer.reason}: ${answer.detail}` };
  const own = answer.samples.filter(({ labels }) => Object.values(labels).includes(signal.component));
  // A peer is known by its name alone: the one series of another component says nothing of it.
  const samples = own.length > 0 || signal.role === 'peer' ? own : answer.samples;
  if (samples.length === 0) return { kind: 'missing', reason: `no series names ${signal.component}` };
  if (own.length === 0 && samples.length > 1) {
    return {
      kind: 'missing',
      reason: `the query gives ${String(samples.length)} series and none names ${signal.component}`,
    };
  }
  const values = samples.map(({ value }) => value);
  if (values.some(Number.isNaN)) return { kind: 'missing', reason: 'the value is not a number' };
  return {
    kind: 'value',
    value: values.reduce((worst, value) => (excessOf(signal, value) > excessOf(signal, worst) ? value : worst)),
  };
}

async function fromMonitor(violations: Violations, { fingerprint }: VerificationSignal): Promise<Reading> {
  if (fingerprint === null) return { kind: 'missing', reason: 'it has neither a query nor a fingerprint' };
  try {
    const violation = await violations.find(fingerprint);
    if (violation === null) return { kind: 'missing', reason: 'the monitor knows no such violation' };
    return { kind: 'state', firing: violation.state === 'firing' };
  } catch (error) {
    if (error instanceof CharterError && error.retryable) return { kind: 'missing', reason: error.message };
    throw error;
  }
}
