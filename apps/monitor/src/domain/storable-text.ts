const replacement = '\ufffd';

/** Postgres stores neither NUL nor half a surrogate pair. */
export const cleanText = (text: string): string => text.toWellFormed().replaceAll('\0', replacement);

export function cleanLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const cleaned: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) cleaned[cleanText(name)] = cleanText(value);
  return cleaned;
}

/** The same for JSON as `JSON.stringify` writes it, where both stand as escapes and whole pairs do not: one look at all of it. */
export const cleanJson = (json: string): string =>
  /\\u(0000|d[89a-f])/.test(json)
    ? json.replace(/\\\\|\\u(0000|d[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : replacement))
    : json;
