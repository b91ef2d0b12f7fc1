const stopWords = new Set(
  (
    'a an and are as at be been but by can do for from had has have if in into is it its may more most no not of on or ' +
    'other out over so than that the their then there these this to too was were what when which while who will with you your'
  ).split(' '),
);

/**
 * Words of a text as an index counts them: names in camel case, snake case and with dots are also taken apart, plural and
 * verb endings fall off, words that say nothing are left out.
 */
export function tokensOf(text: string): string[] {
  const spaced = text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
  return (spaced.toLowerCase().match(/[a-z0-9]+/g) ?? [])
    .filter((word) => word.length > 1 && word.length < 40 && !stopWords.has(word))
    .map(stemOf);
}

/** A light stem: enough that `restarts`, `restarted` and `restarting` meet. */
function stemOf(word: string): string {
  if (word.length > 5 && word.endsWith('ing')) return word.slice(0, -3);
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && word.endsWith('ed')) return word.slice(0, -2);
  if (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') && !word.endsWith('us')) return word.slice(0, -1);
  return word;
}
