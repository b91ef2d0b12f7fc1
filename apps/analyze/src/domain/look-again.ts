import type { Analysis } from '@charter/shared/contracts';

/** Young evidence is thin: a finding that is less than sure, the floor's among them, is looked at again after this long, so many times. */
export const lookAgainSeconds = 2;
const lookAgainTimes = 8;
const sureFrom = 0.7;

export const isWorthAnotherLook = ({
  verdict,
  confidence,
  revision,
}: Pick<Analysis, 'verdict' | 'confidence' | 'revision'>): boolean =>
  (verdict === 'undetermined' || confidence < sureFrom) && revision <= lookAgainTimes;
