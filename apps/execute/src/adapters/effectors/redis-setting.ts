const factors: Readonly<Record<string, number>> = {
  b: 1,
  k: 1e3,
  kb: 1_024,
  m: 1e6,
  mb: 1_024 ** 2,
  g: 1e9,
  gb: 1_024 ** 3,
};

/** Whether two values of a parameter mean the same: `CONFIG SET maxmemory 100mb` reads back as `104857600`. */
export function sameSetting(now: string, wanted: string): boolean {
  if (now.trim().toLowerCase() === wanted.trim().toLowerCase()) return true;
  const [a, b] = [amountOf(now), amountOf(wanted)];
  return a !== null && a === b;
}

/** Bytes or a plain number; null when it is neither. */
function amountOf(text: string): number | null {
  const [, number, unit = 'b'] = /^(-?\d+)\s*([kmg]?b?)$/i.exec(text.trim()) ?? [];
  const factor = factors[unit.toLowerCase() || 'b'];
  return number === undefined || factor === undefined ? null : Number(number) * factor;
}
