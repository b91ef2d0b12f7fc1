import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AlertRecord } from './alert.ts';

const Pairs = z.record(z.string(), z.string());
const Time = z.iso.datetime({ offset: true });

/** One alert of a webhook call. */
const WebhookAlert = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels: Pairs,
  annotations: Pairs.default({}),
  startsAt: Time,
  endsAt: Time.optional(),
  generatorURL: z.string().optional(),
  fingerprint: z.string().min(1).max(200).optional(),
});

/** Alertmanager's webhook, payload version 4. Alertmanager may add fields, so unknown ones pass. */
export const WebhookPayload = z.looseObject({
  version: z.literal('4'),
  groupKey: z.string().default(''),
  truncatedAlerts: z.int().min(0).default(0),
  status: z.enum(['firing', 'resolved']).optional(),
  receiver: z.string().default(''),
  groupLabels: Pairs.default({}),
  commonLabels: Pairs.default({}),
  commonAnnotations: Pairs.default({}),
  externalURL: z.string().default(''),
  alerts: z.array(WebhookAlert).max(50_000),
});
export type WebhookPayload = z.infer<typeof WebhookPayload>;

/** An alert before it is known what it is evidence of. */
export type HeardAlert = Omit<AlertRecord, 'fingerprint'>;

/** What a webhook call says, as it waits to be worked on. */
export interface HeardCall {
  readonly alerts: readonly HeardAlert[];
  /** How many alerts of its group it left out, and the labels of that group. */
  readonly truncated: number;
  readonly groupLabels: Readonly<Record<string, string>>;
}

/** Takes a webhook call apart. `receivedAt` in milliseconds. */
export function heardFrom(payload: WebhookPayload, receivedAt: number): HeardCall {
  const sender = payload.externalURL.slice(0, 500);
  const alerts = payload.alerts.map((alert): HeardAlert => {
    const { labels, annotations } = alert;
    const firing = alert.status === 'firing';
    const endsAt = alert.endsAt === undefined ? Number.NaN : Date.parse(alert.endsAt);
    return {
      id: alert.fingerprint ?? idOfLabels(labels),
      firing,
      startsAt: Date.parse(alert.startsAt),
      endsAt: firing || !(endsAt > 0) ? null : endsAt,
      labels,
      annotations,
      suppression: null,
      sender,
      listed: false,
      seenAt: receivedAt,
    };
  });
  return { alerts, truncated: payload.truncatedAlerts, groupLabels: payload.groupLabels };
}

/** For senders that leave out the fingerprint. */
const idOfLabels = (labels: Readonly<Record<string, string>>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
    .slice(0, 16);

/** Splits what was heard, in order, so that no wave says two different things of one alert: each word is acted on. */
export function wavesOf<Heard extends { readonly id: string; readonly firing: boolean; readonly startsAt: number }>(
  heard: readonly Heard[],
): Heard[][] {
  const waves: Heard[][] = [];
  let wave = new Map<string, Heard>();
  for (const alert of heard) {
    const earlier = wave.get(alert.id);
    if (earlier && (earlier.firing !== alert.firing || earlier.startsAt !== alert.startsAt)) {
      waves.push([...wave.values()]);
      wave = new Map();
    }
    wave.set(alert.id, alert);
  }
  if (wave.size > 0) waves.push([...wave.values()]);
  return waves;
}
