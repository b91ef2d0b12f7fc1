const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/y;
const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** `15m`, `1h30m`, `250ms` to seconds; null when malformed. */
export function secondsFrom(text: string): number | null {
  if (text === '') return null;
  let total = 0;
  let at = 0;
  while (at < text.length) {
    part.lastIndex = at;
    const match = part.exec(text);
    if (match === null) return null;
    total += Number(match[1]) * (unitSeconds[match[2] ?? ''] ?? 0);
    at = part.lastIndex;
  }
  return total;
}
