import { z } from 'zod';
import { defaultLimits } from '../limits.ts';
import { MatchDocument, RuleDocument, starsIn } from './native-document.ts';

const selectors = Object.keys(MatchDocument.shape) as readonly (keyof MatchDocument)[];

/**
 * Accepts what `RuleDocument` accepts, with the same result, except for a few odd forms of `match`. Selectors are most
 * of a document and are looked at by hand, several times as fast; why a rule is refused, only `RuleDocument` can tell.
 */
export const QuickRule = RuleDocument.extend({
  match: z.unknown().transform((value, context): MatchDocument => {
    const match = matchFrom(value);
    if (match === null) context.addIssue('Not quickly read');
    return match ?? z.NEVER;
  }),
});

/** A copy of a selector in plain, well-formed data; null for any other. */
function matchFrom(value: unknown): MatchDocument | null {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return null;
  const match: MatchDocument = {};
  let size = 0;
  for (const selector of selectors) {
    const written: unknown = Reflect.get(value, selector);
    if (written === undefined) continue;
    const patterns = patternsFrom(written);
    if (patterns === null) return null;
    match[selector] = patterns;
    size += 1;
  }
  return size > 0 && size === Object.keys(value).length ? match : null;
}

function patternsFrom(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > defaultLimits.patternsPerMatcher) return null;
  const patterns = new Array<string>(value.length);
  for (let at = 0; at < value.length; at += 1) {
    const pattern: unknown = value[at];
    if (typeof pattern !== 'string' || pattern === '' || pattern.length > defaultLimits.patternLength) return null;
    if (starsIn(pattern) > defaultLimits.starsPerPattern) return null;
    patterns[at] = pattern;
  }
  return patterns;
}
