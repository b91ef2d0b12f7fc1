import { z } from 'zod';

const unitSeconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
type Unit = keyof typeof unitSeconds;

/** Seconds in a duration such as `15m` or `1h30m`; null when the text is no duration. */
export function secondsFrom(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    seconds += Number(amount) * unitSeconds[unit as Unit];
  }
  return seconds;
}

/** A duration string in a document (`15m`); parses to seconds. */
export const Duration = z.string().transform((text, context) => {
  const seconds = secondsFrom(text);
  if (seconds === null) {
    context.addIssue({ code: 'custom', message: `is no duration such as 30s, 15m or 1h30m: ${text}` });
    return z.NEVER;
  }
  return seconds;
});
