import { type Counts, latentSpace } from './latent-space.ts';
import { tokensOf } from './tokens.ts';

/** A text that can be found again. Words of the title count more than those of the body. */
export interface Document {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

export interface Match {
  readonly id: string;
  /** Higher is closer; comparable within one answer only. */
  readonly score: number;
}

export interface TextIndex {
  readonly size: number;
  /** The closest documents, best first; ties by id. */
  closest(text: string, limit: number): Match[];
}

export interface TextIndexOptions {
  /** Weight of the latent vectors beside the words; 0 leaves them out, infinity takes them alone. */
  readonly latentWeight?: number;
  /** Dimensions of the latent vectors at most. */
  readonly dimensions?: number;
}

const [k1, b, titleWeight] = [1.2, 0.75, 3];

/**
 * Hybrid search: BM25 (Robertson and Zaragoza 2009) and latent semantic vectors trained on the documents themselves
 * (Deerwester et al. 1990), each as z-scores over all documents, added. No model, no download; a few hundred documents
 * take milliseconds.
 */
export function createTextIndex(documents: readonly Document[], options: TextIndexOptions = {}): TextIndex {
  const { latentWeight = 0.5, dimensions = 48 } = options;
  const counts = documents.map(({ title, body }) => {
    const merged = new Map<string, number>();
    for (const word of tokensOf(title)) merged.set(word, (merged.get(word) ?? 0) + titleWeight);
    for (const word of tokensOf(body)) merged.set(word, (merged.get(word) ?? 0) + 1);
    return merged;
  });
  const rarity = rarityOf(counts);
  const lengths = counts.map((words) => [...words.values()].reduce((sum, count) => sum + count, 0));
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  const latent = latentWeight > 0 ? latentSpace(counts, rarity, dimensions) : null;

  const wordScores = (query: readonly string[]): number[] =>
    counts.map((words, index) =>
      query.reduce((sum, word) => {
        const count = words.get(word) ?? 0;
        const length = (lengths[index] ?? 0) / meanLength;
        return sum + ((rarity.get(word) ?? 0) * count * (k1 + 1)) / (count + k1 * (1 - b + b * length));
      }, 0),
    );

  return {
    size: documents.length,
    closest(text, limit) {
      const query = tokensOf(text);
      const words = Number.isFinite(latentWeight) ? standardized(wordScores(query)) : documents.map(() => 0);
      const vectors = latent ? standardized(latent.similarities(query)) : documents.map(() => 0);
      const weight = Number.isFinite(latentWeight) ? latentWeight : 1;
      return documents
        .map(({ id }, index) => ({ id, score: (words[index] ?? 0) + weight * (vectors[index] ?? 0) }))
        .toSorted((x, y) => y.score - x.score || x.id.localeCompare(y.id))
        .slice(0, limit);
    },
  };
}

/** Inverse document frequency, never negative. */
function rarityOf(counts: readonly Counts[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const words of counts) for (const word of words.keys()) seen.set(word, (seen.get(word) ?? 0) + 1);
  return new Map([...seen].map(([word, many]) => [word, Math.log(1 + (counts.length - many + 0.5) / (many + 0.5))]));
}

function standardized(scores: readonly number[]): number[] {
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / Math.max(1, scores.length));
  return scores.map((score) => (deviation === 0 ? 0 : (score - mean) / deviation));
}
