import type { Registry } from '@charter/service';
import type { MetricFamily } from './model/index.ts';

/** The families in the Prometheus text format. */
export function expositionOf(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const family of families) {
    lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`);
    if (family.type === 'histogram') {
      for (const { labels, histogram } of family.samples) {
        family.bounds.forEach((bound, index) => {
          lines.push(lineOf(`${family.name}_bucket`, { ...labels, le: String(bound) }, histogram.buckets[index] ?? 0));
        });
        lines.push(
          lineOf(`${family.name}_bucket`, { ...labels, le: '+Inf' }, histogram.count),
          lineOf(`${family.name}_sum`, labels, histogram.sum),
          lineOf(`${family.name}_count`, labels, histogram.count),
        );
      }
    } else {
      for (const { labels, value } of family.samples) lines.push(lineOf(family.name, labels, value));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Label values are names of our own, so nothing in them needs escaping. */
function lineOf(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}{${pairs.join(',')}} ${value === Number.POSITIVE_INFINITY ? '+Inf' : String(value)}`;
}

/** Shows the model's own metrics beside those of the process. */
export function exposeModel(registry: Registry, families: () => readonly MetricFamily[]): void {
  const ofProcess = registry.metrics.bind(registry);
  registry.metrics = async () => (await ofProcess()) + expositionOf(families());
}
