/**
 * Why an answer proves nothing:
 * `empty` no series; `nan` every sample is NaN; `partial` the upstream warned; `stale` older than allowed;
 * `timeout`, `unavailable` no answer; `rejected` the upstream refused the question; `malformed` it cannot be read.
 */
export type InconclusiveReason =
  | 'empty'
  | 'nan'
  | 'partial'
  | 'stale'
  | 'timeout'
  | 'unavailable'
  | 'rejected'
  | 'malformed';

/** An answer that proves nothing. It is an answer all the same: upstream trouble never throws. */
export interface Inconclusive<Reason extends InconclusiveReason = InconclusiveReason> {
  readonly kind: 'inconclusive';
  readonly reason: Reason;
  readonly detail: string;
}

/** What can go wrong between asking and reading, whatever was asked. */
export type UpstreamTrouble = Inconclusive<'timeout' | 'unavailable' | 'rejected' | 'malformed'>;

export const inconclusive = <Reason extends InconclusiveReason>(
  reason: Reason,
  detail: string,
): Inconclusive<Reason> => ({ kind: 'inconclusive', reason, detail });
