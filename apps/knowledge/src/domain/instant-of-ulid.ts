const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** When a ULID was made; an incident's id says when it opened. */
export function instantOfUlid(id: string): Date {
  let ms = 0;
  for (const letter of id.slice(0, 10)) ms = ms * 32 + alphabet.indexOf(letter);
  return new Date(Math.min(ms, 8.64e15));
}
