import { z } from 'zod';
import { askServer, type ServerAddress } from './ask-server.ts';

const Pairs = z.record(z.string(), z.string());

const AlertingRule = z.object({
  type: z.literal('alerting'),
  name: z.string(),
  query: z.string(),
  /** Seconds. */
  duration: z.number().default(0),
  labels: Pairs.default({}),
  annotations: Pairs.default({}),
});
export type AlertingRule = z.infer<typeof AlertingRule>;

const Rules = z.object({
  status: z.literal('success'),
  data: z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(z.unknown()) })) }),
});
const Targets = z.object({
  status: z.literal('success'),
  data: z.object({ activeTargets: z.array(z.object({ labels: Pairs, health: z.string() })) }),
});
const Vector = z.object({
  status: z.literal('success'),
  data: z.object({ result: z.array(z.object({ metric: Pairs })) }),
});

/** What is scraped, by the name that Charter would call it. */
export interface ScrapedComponent {
  readonly name: string;
  readonly instances: number;
  readonly down: number;
}

export interface SeenPrometheus {
  readonly rules: readonly AlertingRule[];
  readonly components: readonly ScrapedComponent[];
}

/** Labels that name a component, the best first; Monitor looks at alerts in the same order. */
export const componentLabels = ['component', 'service', 'job'] as const;
export type ComponentLabel = (typeof componentLabels)[number];

/** Its alerting rules and what it scrapes. @throws InitError */
export async function readPrometheus(server: ServerAddress): Promise<SeenPrometheus> {
  const [rules, targets] = await Promise.all([
    askServer(server, 'api/v1/rules?type=alert', Rules),
    askServer(server, 'api/v1/targets?state=active', Targets),
  ]);
  const alerting = rules.data.groups.flatMap((group) =>
    group.rules.flatMap((rule) => AlertingRule.safeParse(rule).data ?? []),
  );
  const byName = Map.groupBy(targets.data.activeTargets, ({ labels }) => nameOf(labels));
  const components = [...byName].map(([name, instances]) => ({
    name,
    instances: instances.length,
    down: instances.filter(({ health }) => health === 'down').length,
  }));
  return { rules: alerting, components: components.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

const nameOf = (labels: Readonly<Record<string, string>>): string =>
  labels.component ?? labels.service ?? labels.job ?? 'unknown';

/** The label that names the component in every series of a query; null when none does, or there is none now. */
export async function componentLabelOf(server: ServerAddress, query: string): Promise<ComponentLabel | null> {
  const { data } = await askServer(server, `api/v1/query?${new URLSearchParams({ query }).toString()}`, Vector);
  if (data.result.length === 0) return null;
  return componentLabels.find((label) => data.result.every(({ metric }) => metric[label])) ?? null;
}
