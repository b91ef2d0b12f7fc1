const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The 128 bits of a ULID as 32 hex digits. */
function hexOf(ulid: string): string {
  let bits = 0n;
  for (const character of ulid) bits = (bits << 5n) | BigInt(alphabet.indexOf(character));
  return (bits & ((1n << 128n) - 1n)).toString(16).padStart(32, '0');
}

/** The W3C trace of an incident: one trace for all of its messages, from whatever replica, without storing any. */
export function traceparentOfIncident(incidentId: string): string {
  const traceId = hexOf(incidentId);
  return `00-${traceId}-${traceId.slice(16)}-01`;
}
