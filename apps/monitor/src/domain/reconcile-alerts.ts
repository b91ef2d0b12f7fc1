import { type AlertRecord, mergeAlert } from './alert.ts';

/** What all configured Alertmanagers listed, and when they were asked. */
export interface AlertListing {
  readonly alerts: readonly AlertRecord[];
  /** Milliseconds; what was heard after this is newer than the list. */
  readonly askedAt: number;
}

/**
 * Compares what is remembered with what Alertmanager lists now, so that a lost webhook heals itself: listed and not remembered
 * fires, remembered and not listed is resolved. `remembered` are the listed ones, and those whose absence means something:
 * their Alertmanager is one of ours, or nobody repeated them for too long. Answers the alerts that differ.
 */
export function reconcileAlerts(remembered: readonly AlertRecord[], { alerts, askedAt }: AlertListing): AlertRecord[] {
  const listed = new Map(alerts.map((alert) => [alert.id, alert]));
  const changed: AlertRecord[] = [];
  for (const known of remembered) {
    const now = listed.get(known.id);
    listed.delete(known.id);
    if (now) {
      const merged = mergeListed(known, now);
      if (isDifferent(known, merged)) changed.push(merged);
    } else if (known.firing && known.seenAt < askedAt) changed.push({ ...known, firing: false, endsAt: askedAt });
  }
  for (const fresh of listed.values()) changed.push(fresh);
  return changed;
}

/** The list says what is so now: it also revives an instance that was taken for resolved, when it is newer than that. */
function mergeListed(known: AlertRecord, listed: AlertRecord): AlertRecord {
  const revives = !known.firing && known.startsAt === listed.startsAt && listed.seenAt > (known.endsAt ?? known.seenAt);
  const merged = revives ? listed : mergeAlert(known, listed);
  return { ...merged, sender: known.sender, suppression: merged.firing ? listed.suppression : null };
}

const isDifferent = (a: AlertRecord, b: AlertRecord): boolean =>
  a.firing !== b.firing ||
  a.startsAt !== b.startsAt ||
  a.listed !== b.listed ||
  a.fingerprint !== b.fingerprint ||
  JSON.stringify(a.suppression) !== JSON.stringify(b.suppression);
