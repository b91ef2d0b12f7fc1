import { defaultLimits, type PolicyLimits } from '../limits.ts';
import { readJson } from './read-json.ts';
import { readYaml } from './read-yaml.ts';
import type { SourceFormat, SourceResult } from './source.ts';

export interface ReadOptions {
  /** Guessed from the first character when absent. */
  readonly format?: SourceFormat;
  readonly limits?: PolicyLimits;
}

/**
 * Text to plain data with lines: a stream of YAML documents (a pack) or one JSON document. Never throws.
 * Empty documents of a stream are left out.
 */
export function readDocuments(text: string, options: ReadOptions = {}): SourceResult {
  const limits = options.limits ?? defaultLimits;
  const format = options.format ?? (/^\s*[{[]/.test(text.slice(0, 1_000)) ? 'json' : 'yaml');
  const result = format === 'json' ? readJson(text, limits) : readYaml(text, limits);
  if (!result.ok && format === 'json' && options.format === undefined && text.length <= limits.yamlLength) {
    const asYaml = readYaml(text, limits);
    return asYaml.ok ? withoutEmpty(asYaml) : result;
  }
  return withoutEmpty(result);
}

function withoutEmpty(result: SourceResult): SourceResult {
  if (!result.ok) return result;
  return { ok: true, documents: result.documents.filter(({ value }) => value !== null && value !== undefined) };
}
