export {
  type AlertFilter,
  type Alertmanager,
  createAlertmanager,
  GettableAlert,
  GettableSilence,
  type NewSilence,
} from './alertmanager.ts';
export type { Inconclusive, InconclusiveReason, UpstreamTrouble } from './inconclusive.ts';
export {
  createPrometheus,
  type InstantAnswer,
  type Prometheus,
  type PrometheusOptions,
  type RangeAnswer,
  type Sample,
  type Series,
} from './prometheus.ts';
export type { ValueKind } from './sample-value.ts';
export type { UpstreamOptions } from './upstream.ts';
