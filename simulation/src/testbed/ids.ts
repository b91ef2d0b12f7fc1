/** Identifiers of one run: no two runs of different seeds share one. */
export function idsFrom(seed: number): () => string {
  let ids = 0;
  return () => `01${String(seed).padStart(12, '0')}${String(++ids).padStart(12, '0')}`;
}
