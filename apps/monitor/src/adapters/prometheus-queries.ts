import type { Prometheus } from '@charter/prometheus';
import { cleanLabels } from '../domain/storable-text.ts';
import type { QuerySource } from '../ports.ts';

/** Asks the upstream a rule names, or the default one. */
export function prometheusQueries(byDefault: Prometheus, named: ReadonlyMap<string, Prometheus>): QuerySource {
  return {
    async ask(name, query, signal) {
      const upstream = name === null ? byDefault : named.get(name);
      if (!upstream) {
        return { kind: 'inconclusive', reason: 'unknown-upstream', detail: `No upstream is called ${String(name)}` };
      }
      const answer = await upstream.instant(query, { signal });
      if (answer.kind === 'inconclusive') return answer;
      return {
        kind: 'vector',
        samples: answer.samples.map(({ labels, value, at }) => ({
          labels: cleanLabels(labels),
          value,
          at: Date.parse(at),
        })),
      };
    },
  };
}
