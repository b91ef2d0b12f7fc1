/** What a metric tells about its component, read from its name as people usually name metrics. */
export type MetricKind = 'latency' | 'success' | 'failure' | 'saturation' | 'traffic' | 'log' | 'host' | 'other';

const RULES: readonly (readonly [RegExp, MetricKind])[] = [
  [/^(node|host|machine|instance)_/, 'host'],
  [/(^|_)(log|logs|lines)(_|$)/, 'log'],
  [/avail|success|(^|_)ok(_|$)|apdex|uptime/, 'success'],
  [/latency|duration|response_?time|(^|_)p(50|75|90|95|99)(_|$)|delay|elapsed/, 'latency'],
  [/error|fail|fault|5xx|exception|reject|timeout|drop|denied|loss/, 'failure'],
  [/cpu|mem|heap|disk|queue|saturat|throttl|utili[sz]ation|pool|connections|backlog|lag(_|$)/, 'saturation'],
  [/request|rps|qps|(^|_)(rx|tx)(_|$)|traffic|throughput|count|rate|bytes|packets|calls|read|write/, 'traffic'],
];

/** Kind of a metric by its name; `other` when the name says nothing. */
export function metricKindOf(metric: string): MetricKind {
  const name = metric.toLowerCase();
  return RULES.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}
