import type { Alertmanager, GettableAlert, GettableSilence } from '@charter/prometheus';
import type { Suppression } from '@charter/shared/contracts';
import { RE2JS } from 're2js';
import { cleanLabels } from '../domain/storable-text.ts';
import type { ActiveSilence } from '../domain/suppression.ts';
import type { HeardAlert } from '../domain/webhook-payload.ts';
import type { AlertSource, AlertTrouble } from '../ports.ts';

const everything = { active: true, silenced: true, inhibited: true };

/** Every configured Alertmanager as one source: an alert that several list is one, active if any says so. */
export function alertmanagerAlerts(alertmanagers: readonly Alertmanager[]): AlertSource {
  return {
    async list(signal) {
      const [alerts, silences] = await Promise.all([
        Promise.all(alertmanagers.map((each) => each.alerts({ ...everything, signal }))),
        Promise.all(alertmanagers.map((each) => each.silences({ signal }))),
      ]);
      const trouble = [...alerts, ...silences].find((answer): answer is AlertTrouble => answer.kind === 'inconclusive');
      if (trouble) return trouble;
      return {
        kind: 'listed',
        alerts: merged(alerts.flatMap((answer) => (answer.kind === 'alerts' ? answer.alerts : []))),
        silences: silences.flatMap((answer) =>
          answer.kind === 'silences' ? answer.silences.flatMap(activeSilence) : [],
        ),
      };
    },
    async listGroup(labels, signal) {
      const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      const answers = await Promise.all(alertmanagers.map((each) => each.alerts({ ...everything, matchers, signal })));
      const trouble = answers.find((answer): answer is AlertTrouble => answer.kind === 'inconclusive');
      if (trouble) return trouble;
      return { kind: 'listed', alerts: merged(answers.flatMap((each) => (each.kind === 'alerts' ? each.alerts : []))) };
    },
  };
}

function merged(listed: readonly GettableAlert[]): HeardAlert[] {
  const byId = new Map<string, HeardAlert>();
  for (const alert of listed) {
    const heard = heardFrom(alert);
    const known = byId.get(heard.id);
    if (!known || (known.suppression !== null && heard.suppression === null)) byId.set(heard.id, heard);
  }
  return [...byId.values()];
}

function heardFrom(alert: GettableAlert): HeardAlert {
  return {
    id: alert.fingerprint,
    firing: true,
    startsAt: Date.parse(alert.startsAt),
    endsAt: null,
    labels: cleanLabels(alert.labels),
    annotations: cleanLabels(alert.annotations),
    suppression: suppressionFrom(alert.status),
    sender: '',
    listed: true,
    seenAt: Date.parse(alert.updatedAt),
  };
}

function suppressionFrom({ silencedBy, inhibitedBy, mutedBy }: GettableAlert['status']): Suppression | null {
  if (silencedBy.length > 0) return { by: 'silence', reference: silencedBy.join(', ').slice(0, 500) };
  if (inhibitedBy.length > 0) return { by: 'inhibition', reference: inhibitedBy.join(', ').slice(0, 500) };
  if (mutedBy.length > 0) return { by: 'window', reference: mutedBy.join(', ').slice(0, 500) };
  return null;
}

/** A silence that is active now, with its matchers applied as Alertmanager does: anchored RE2, an absent label is empty. */
function activeSilence({ id, status, matchers }: GettableSilence): ActiveSilence[] {
  if (status.state !== 'active' || matchers.length === 0) return [];
  const tests = matchers.map(({ name, value, isRegex, isEqual }) => {
    const fits = isRegex ? fitsPattern(value) : (text: string) => text === value;
    return (labels: Readonly<Record<string, string>>) => fits(labels[name] ?? '') === isEqual;
  });
  return [{ id, isMatch: (labels) => tests.every((test) => test(labels)) }];
}

function fitsPattern(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(`^(?:${pattern})$`, RE2JS.DOTALL);
  return (text) => compiled.matches(text);
}
