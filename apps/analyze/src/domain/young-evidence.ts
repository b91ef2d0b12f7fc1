import type { RootCause } from '@charter/shared/contracts';
import type { Finding } from './find-cause.ts';
import { lookAgainSeconds } from './look-again.ts';

/** Of many series one always moves this far by chance, in robust standard deviations; what is broken moves further soon. */
const chanceDeviation = 6;
/** Worth another look, not worth acting on. */
const youngConfidence = 0.5;

/**
 * A first look sees hardly more than what moved before anything was noticed. Until the second one, what moved no further than
 * chance would is no cause to act on. `ageSeconds` is counted from the first violation.
 */
export function temperYoung(finding: Finding, ageSeconds: number): Finding {
  if (ageSeconds >= lookAgainSeconds) return finding;
  const rootCauses = finding.rootCauses.map((cause) =>
    mayBeChance(cause) ? { ...cause, confidence: Math.min(cause.confidence, youngConfidence) } : cause,
  );
  const [best] = rootCauses;
  const confidence = best && mayBeChance(best) ? Math.min(finding.confidence, youngConfidence) : finding.confidence;
  return { ...finding, rootCauses, confidence };
}

function mayBeChance({ evidence }: RootCause): boolean {
  const deviation = evidence[0]?.deviation ?? null;
  return deviation !== null && Math.abs(deviation) < chanceDeviation;
}
