import { LoopConfig } from '@charter/service';
import { Duration } from '@charter/shared/contracts';
import { z } from 'zod';
import { defaultSettings, type MonitorSettings } from './domain/settings.ts';

const seconds = (byDefault: number) => Duration.prefault(`${String(byDefault)}s`);
const count = (byDefault: number) => z.coerce.number().int().min(1).default(byDefault);

const NamedUrls = z.string().transform((text, context) => {
  const named = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name = '', ...rest] = part.trim().split('=');
    const url = rest.join('=');
    if (name !== '' && URL.canParse(url)) named.set(name, url);
    else context.addIssue({ code: 'custom', message: `is no name=url: ${part}` });
  }
  return named as ReadonlyMap<string, string>;
});

const Urls = z.string().transform((text, context) => {
  const urls = text.split(',').map((part) => part.trim());
  for (const url of urls) if (!URL.canParse(url)) context.addIssue({ code: 'custom', message: `is no URL: ${url}` });
  return urls;
});

export const MonitorConfig = LoopConfig.extend({
  /** Prometheus-compatible upstreams that rules may name: `thanos=http://…,mimir=http://…`. */
  MONITOR_UPSTREAMS: NamedUrls.optional(),
  /** Alertmanagers besides `ALERTMANAGER_URL`, comma-separated. */
  MONITOR_ALERTMANAGERS: Urls.optional(),
  MONITOR_INCIDENT_QUIET: seconds(defaultSettings.incidentQuietSeconds),
  MONITOR_RENOTIFY: seconds(defaultSettings.renotifySeconds),
  MONITOR_STALE_AFTER: seconds(defaultSettings.staleAfterSeconds),
  MONITOR_ABANDON_AFTER: seconds(defaultSettings.abandonAfterSeconds),
  MONITOR_SKEW_TOLERANCE: seconds(defaultSettings.skewToleranceSeconds),
  MONITOR_FLAP_TRANSITIONS: count(defaultSettings.flapTransitions),
  MONITOR_FLAP_WINDOW: seconds(defaultSettings.flapWindowSeconds),
  MONITOR_FLAP_HOLD: seconds(defaultSettings.flapHoldSeconds),
  MONITOR_STORM_ANNOUNCEMENTS: count(defaultSettings.stormAnnouncements),
  MONITOR_STORM_WINDOW: seconds(defaultSettings.stormWindowSeconds),
  /** One PromQL question, retries included. */
  MONITOR_QUERY_TIMEOUT: Duration.prefault('2s'),
  /** A whole round of questions. */
  MONITOR_ROUND_TIMEOUT: Duration.prefault('5s'),
  /** A cycle that waited longer than this is skipped: younger ones stand behind it. */
  MONITOR_CYCLE_OVERDUE: Duration.prefault('60s'),
  MONITOR_QUERY_CONCURRENCY: count(8),
  /** Webhook calls that may wait to be worked on; beyond that they are answered 503. */
  MONITOR_INTAKE_LIMIT: count(5_000),
  MONITOR_WEBHOOK_BYTES: count(32 * 1024 * 1024),
  /** An alert of an Alertmanager we cannot ask is taken for resolved when not heard of for this long. */
  MONITOR_ALERT_EXPIRY: Duration.prefault('1d'),
  MONITOR_RETENTION: Duration.prefault('30d'),
});
export type MonitorConfig = z.infer<typeof MonitorConfig>;

export const settingsFrom = (config: MonitorConfig): MonitorSettings => ({
  incidentQuietSeconds: config.MONITOR_INCIDENT_QUIET,
  renotifySeconds: config.MONITOR_RENOTIFY,
  staleAfterSeconds: config.MONITOR_STALE_AFTER,
  abandonAfterSeconds: config.MONITOR_ABANDON_AFTER,
  skewToleranceSeconds: config.MONITOR_SKEW_TOLERANCE,
  flapTransitions: config.MONITOR_FLAP_TRANSITIONS,
  flapWindowSeconds: config.MONITOR_FLAP_WINDOW,
  flapHoldSeconds: config.MONITOR_FLAP_HOLD,
  stormAnnouncements: config.MONITOR_STORM_ANNOUNCEMENTS,
  stormWindowSeconds: config.MONITOR_STORM_WINDOW,
});
