import { isWindowOpen, type Suppression, type Window } from '@charter/shared/contracts';

/** A silence as Alertmanager reports it, reduced to what decides. `isMatch` applies its matchers to labels. */
export interface ActiveSilence {
  readonly id: string;
  readonly isMatch: (labels: Readonly<Record<string, string>>) => boolean;
}

export interface SuppressionFacts {
  readonly windows: readonly Window[];
  readonly silences: readonly ActiveSilence[];
}

/**
 * Why nothing may act on a violation now, or null. A maintenance window rules before a silence; what Alertmanager says of the
 * alert itself before a silence whose matchers fit the violation's labels.
 */
export function suppressionOf(
  subject: { component: string; labels: Readonly<Record<string, string>>; alert: Suppression | null },
  { windows, silences }: SuppressionFacts,
  now: number,
): Suppression | null {
  const window = windows.find(
    (candidate) =>
      candidate.type === 'maintenance' &&
      candidate.targets.some((glob) => isGlobMatch(glob, subject.component)) &&
      isWindowOpen(candidate, now),
  );
  if (window) return { by: 'window', reference: window.metadata.name };
  if (subject.alert) return subject.alert;
  const silence = silences.find(({ isMatch }) => isMatch(subject.labels));
  return silence ? { by: 'silence', reference: silence.id } : null;
}

/** `*` stands for any run of characters, `?` for one. Linear in the text for each star, so no pattern can block. */
export function isGlobMatch(glob: string, text: string): boolean {
  let g = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g;
      g += 1;
      mark = t;
    } else if (glob[g] === '?' || glob[g] === text[t]) {
      g += 1;
      t += 1;
    } else if (star >= 0) {
      g = star + 1;
      mark += 1;
      t = mark;
    } else return false;
  }
  while (glob[g] === '*') g += 1;
  return g === glob.length;
}
