const longestValue = 100;
const other = 'other';

/** Gives label values that callers control: the first `most` distinct ones as they are, all further ones as `other`. */
export function boundedLabel(most: number, known: Iterable<string> = []): (value: string) => string {
  const values = new Set(known);
  return (value) => {
    if (values.has(value)) return value;
    if (value === '' || value.length > longestValue || values.size >= most) return other;
    values.add(value);
    return value;
  };
}

/** A free text as a label: itself when it reads like an identifier, `other` when it is prose. */
export const slugOf = (text: string): string => (/^[A-Za-z][\w-]{0,39}$/.test(text) ? text : other);
