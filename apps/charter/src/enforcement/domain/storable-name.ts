const longest = 200;

/** A name as every record and message can keep it. */
export function storableName(text: string): string {
  const kept = text.replaceAll('\0', '').slice(0, longest);
  return kept === '' ? 'unknown' : kept;
}
