import { Name, PackDocument } from '@charter/shared/contracts';
import { stringify } from 'yaml';
import type { AlertingRule, ComponentLabel, ScrapedComponent } from './read-prometheus.ts';
import { splitComparison } from './split-comparison.ts';

/** An alerting rule with the label that names the component in its series, where that is known. */
export interface SeenRule extends AlertingRule {
  readonly componentLabel: ComponentLabel | null;
}

export interface FirstPack {
  readonly yaml: string;
  readonly queries: number;
  readonly matchers: number;
  /** Alerts that no rule was written for, with the reason. */
  readonly left: readonly string[];
}

const severities: Readonly<Record<string, 'critical' | 'warning' | 'info'>> = {
  critical: 'critical',
  page: 'critical',
  error: 'critical',
  info: 'info',
  information: 'info',
};

/** A pack that only looks: every alerting rule, whether targets are up, and a policy that goes no further than `observe`. */
export function firstPack(
  rules: readonly SeenRule[],
  components: readonly ScrapedComponent[],
  environment: string,
): FirstPack {
  const taken = new Set<string>();
  const left: string[] = [];
  let queries = 0;
  const documents: unknown[] = [];
  for (const rule of rules) {
    const reason = reasonToLeave(rule);
    const document = ruleFrom(rule, nameFor(rule, taken));
    if (reason === null && PackDocument.safeParse(document).success) {
      documents.push(document);
      if ('query' in document) queries += 1;
    } else {
      left.push(`${rule.name}: ${reason ?? 'its name or expression is more than a pack takes'}`);
    }
  }
  const matchers = documents.length - queries;
  const all = [...documents, upSignal, policyFor(environment)];
  const written = all.map((document) => stringify(document, { lineWidth: 120 })).join('---\n');
  return { yaml: heading + written + drafts(components), queries, matchers, left };
}

/** By convention a dead-man's switch fires while all is well. */
const reasonToLeave = ({ labels }: SeenRule): string | null =>
  labels.severity === 'none' ? 'severity none says that nothing is wrong' : null;

/** Alerts of one name that differ by severity are rules of their own. */
function nameFor({ name, labels }: SeenRule, taken: Set<string>): string {
  const candidates = [name, `${name}-${labels.severity ?? 'other'}`];
  const free =
    candidates.find((candidate) => !taken.has(candidate)) ?? `${candidates[1] ?? name}-${String(taken.size)}`;
  taken.add(free);
  return free;
}

function ruleFrom(rule: SeenRule, name: string) {
  const { annotations, labels, duration } = rule;
  const description = (annotations.summary ?? annotations.description ?? '').slice(0, 500);
  const common = {
    apiVersion: 'charter/v1',
    kind: 'Rule',
    metadata: { name, ...(description === '' ? {} : { description }) },
  };
  const rest = {
    metric: metricNameOf(rule.name),
    severity: severities[labels.severity ?? ''] ?? ('warning' as const),
  };
  const comparison = rule.componentLabel === null ? null : splitComparison(rule.query);
  if (comparison === null || rule.componentLabel === null) {
    const matchers = { alertname: rule.name, ...(labels.severity === undefined ? {} : { severity: labels.severity }) };
    return { ...common, alert: { matchers }, ...rest };
  }
  return {
    ...common,
    query: comparison.query,
    componentLabel: rule.componentLabel,
    ...rest,
    comparator: comparison.comparator,
    threshold: comparison.threshold,
    ...(duration > 0 ? { for: `${String(duration)}s` } : {}),
  };
}

/** `HighErrorRate` as a metric: `high_error_rate`. */
const metricNameOf = (alert: string): string =>
  alert
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/\W/g, '_')
    .toLowerCase();

const upSignal = {
  apiVersion: 'charter/v1',
  kind: 'Signal',
  metadata: { name: 'up', description: 'share of the instances that Prometheus can scrape' },
  query: 'avg by (job) (up)',
  componentLabel: 'job',
  worse: 'down',
};

const policyFor = (environment: string) => ({
  apiVersion: 'charter/v1',
  kind: 'Policy',
  metadata: { name: 'only-observe', environment },
  rollout: 'enforce',
  rules: [{ id: 'look-only', effect: 'allow', match: { actions: ['*'] }, automation: { max: 'observe' } }],
  tests: [{ name: 'nothing is acted on', request: { action: 'RESTART_SERVICE' }, expect: { effect: 'allow' } }],
});

const heading = `# A first pack, made from what Prometheus and Alertmanager know already. Charter only observes with it: it says what it sees
# and what it would do. Go on from here: deploy/packs/demo.yaml shows targets, strategies and policies that act.
`;

/** Targets need an effector, which only people know: they are written as drafts. */
function drafts(components: readonly ScrapedComponent[]): string {
  const named = components.filter(({ name }) => Name.safeParse(name).success);
  const draft = ({ name, instances }: ScrapedComponent) => `# apiVersion: charter/v1
# kind: Target
# metadata: { name: ${JSON.stringify(name)} }   # ${String(instances)} scraped
# effector: { kind: kubernetes, url: https://kubernetes.default.svc, namespace: default, object: { kind: Deployment, name: ${JSON.stringify(name)} } }
# actions: [RESTART_SERVICE, SCALE_UP, SCALE_DOWN]
`;
  return `
# What is scraped, as drafts of targets: say how each can be changed before you take the comments away.\n${named.map(draft).join('# ---\n')}`;
}
