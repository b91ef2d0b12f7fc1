/**
 * Every bound of the policy engine, in one place. All of them may be overridden; none may be switched off.
 * Sizes are UTF-16 code units unless the name says otherwise.
 */
export interface PolicyLimits {
  /** Longest YAML text. */
  readonly yamlLength: number;
  /** Longest JSON text. */
  readonly jsonLength: number;
  /** Values (scalars, lists, maps) in one document, aliases expanded. */
  readonly documentNodes: number;
  /** Nesting of lists and maps in a document. */
  readonly documentDepth: number;
  /** Keys of one map, and items of one list other than rules and tests. */
  readonly keysPerMap: number;
  readonly itemsPerList: number;
  readonly rulesPerPolicy: number;
  readonly testsPerPolicy: number;
  readonly patternsPerMatcher: number;
  readonly patternLength: number;
  readonly starsPerPattern: number;
  /** Rules that may share one index entry (one name, one prefix, or no name at all). */
  readonly rulesPerBucket: number;
  /** Patterns without a literal head (`*_total`) in one action; each is tried on a cache miss. */
  readonly residualPatterns: number;
  readonly rulesPerSnapshot: number;
  /** Remembered candidate lists per action; two generations of this size are kept. */
  readonly cachedNames: number;
  /** Names longer than this are decided but never remembered. */
  readonly cachedNameLength: number;
  readonly expressionLength: number;
  readonly expressionDepth: number;
  readonly expressionNodes: number;
  /** Longest string literal in an expression. */
  readonly literalLength: number;
  /** Items of one list or map literal. */
  readonly literalItems: number;
  readonly patternProgram: number;
  /** Elements one comprehension may visit at run time. */
  readonly comprehensionItems: number;
  /** Longest string that `matches` looks at; longer is an evaluation error. */
  readonly matchedLength: number;
  /** Static worst-case cost of one expression, in steps. */
  readonly expressionCost: number;
  readonly overrides: number;
}

export const defaultLimits: PolicyLimits = {
  yamlLength: 4 * 1024 * 1024,
  jsonLength: 4 * 1024 * 1024,
  documentNodes: 500_000,
  documentDepth: 24,
  keysPerMap: 1_000,
  itemsPerList: 2_000,
  rulesPerPolicy: 20_000,
  testsPerPolicy: 2_000,
  patternsPerMatcher: 256,
  patternLength: 256,
  starsPerPattern: 8,
  rulesPerBucket: 1_024,
  residualPatterns: 512,
  rulesPerSnapshot: 100_000,
  cachedNames: 8_192,
  cachedNameLength: 256,
  expressionLength: 2_000,
  expressionDepth: 40,
  expressionNodes: 500,
  literalLength: 1_000,
  literalItems: 128,
  patternProgram: 2_000,
  comprehensionItems: 256,
  matchedLength: 4_096,
  expressionCost: 10_000_000,
  overrides: 256,
};
