import type { RootCause } from '@charter/shared/contracts';

/** An incident that is still open, as merging sees it. */
export interface OpenIncident {
  readonly id: string;
  readonly environment: string;
  readonly component: string;
  readonly openedAt: string;
  readonly mergedInto: string | null;
  /** The component and metric it blames so far. */
  readonly blames: { readonly component: string; readonly metric: string } | null;
}

/**
 * The incident that `incident` turns out to be a part of: an open one on the blamed component itself, else the oldest open one
 * that blames the same. Ties and chains resolve to one root, so that two incidents never merge into each other.
 * @returns null when it stands on its own
 */
export function mergeTargetOf(
  incident: OpenIncident,
  cause: RootCause | undefined,
  others: readonly OpenIncident[],
): string | null {
  if (!cause || cause.component === incident.component) return null;
  const standing = others
    .filter((other) => other.id !== incident.id && other.environment === incident.environment)
    .filter((other) => other.mergedInto === null)
    .sort(byAge);
  const onCause = standing.find((other) => other.component === cause.component);
  const sameBlame = standing.find((other) => other.blames?.component === cause.component && byAge(other, incident) < 0);
  return (onCause ?? sameBlame)?.id ?? null;
}

const byAge = (a: OpenIncident, b: OpenIncident): number =>
  a.openedAt.localeCompare(b.openedAt) || a.id.localeCompare(b.id);
