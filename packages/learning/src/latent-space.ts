import { createRandom } from './random.ts';

/** How often each word stands in a text. */
export type Counts = ReadonlyMap<string, number>;

/** Rows of the weighted, normalized word matrix as [word number, weight] pairs. */
type SparseRow = ReadonlyArray<readonly [number, number]>;

/** Texts as points of few dimensions, so that texts without a common word can be near each other. */
export interface LatentSpace {
  /** Cosine of a query with every text the space was made of. */
  similarities(query: readonly string[]): number[];
}

/** Latent semantic analysis: truncated singular value decomposition of the texts' weighted words. */
export function latentSpace(
  texts: readonly Counts[],
  rarity: ReadonlyMap<string, number>,
  dimensions: number,
): LatentSpace {
  const numberOf = new Map([...rarity.keys()].map((word, index) => [word, index]));
  const rowOf = (words: Counts): SparseRow => {
    const weighted = [...words].flatMap(([word, count]) => {
      const index = numberOf.get(word);
      return index === undefined ? [] : [[index, (1 + Math.log(count)) * (rarity.get(word) ?? 0)] as const];
    });
    const norm = Math.hypot(...weighted.map(([, weight]) => weight)) || 1;
    return weighted.map(([index, weight]) => [index, weight / norm]);
  };
  const rows = texts.map(rowOf);
  const axes = principalAxes(rows, rarity.size, Math.min(dimensions, Math.max(1, rows.length - 1)));
  const project = (row: SparseRow): Float64Array => {
    const point = Float64Array.from(axes, (axis) => along(row, axis));
    const norm = Math.sqrt(dot(point, point)) || 1;
    return point.map((value) => value / norm);
  };
  const points = rows.map(project);
  return {
    similarities(query) {
      const words = new Map<string, number>();
      for (const word of query) words.set(word, (words.get(word) ?? 0) + 1);
      const asked = project(rowOf(words));
      return points.map((point) => dot(point, asked));
    },
  };
}

const iterations = 12;

/** Orthonormal axes in word space that carry most of the rows, by subspace iteration in the smaller space of the rows. */
function principalAxes(rows: readonly SparseRow[], words: number, dimensions: number): Float64Array[] {
  const random = createRandom(1);
  const inWords = (mix: Float64Array): Float64Array => {
    const axis = new Float64Array(words);
    for (const [place, row] of rows.entries()) {
      const share = mix[place] ?? 0;
      for (const [index, weight] of row) axis[index] = (axis[index] ?? 0) + share * weight;
    }
    return axis;
  };
  let mixes = Array.from({ length: dimensions }, () => Float64Array.from(rows, () => random.normal()));
  for (let iteration = 0; iteration < iterations; iteration++) {
    orthonormalize(mixes);
    mixes = mixes.map((mix) => {
      const axis = inWords(mix);
      return Float64Array.from(rows, (row) => along(row, axis));
    });
  }
  orthonormalize(mixes);
  const axes = mixes.map(inWords);
  orthonormalize(axes);
  return axes;
}

function along(row: SparseRow, axis: Float64Array): number {
  let sum = 0;
  for (const [index, weight] of row) sum += weight * (axis[index] ?? 0);
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

/** Modified Gram-Schmidt, in place; an axis without anything of its own becomes zero. */
function orthonormalize(axes: readonly Float64Array[]): void {
  for (const [index, axis] of axes.entries()) {
    for (let earlier = 0; earlier < index; earlier++) {
      const before = axes[earlier];
      if (!before) continue;
      const shared = dot(axis, before);
      for (let at = 0; at < axis.length; at++) axis[at] = (axis[at] ?? 0) - shared * (before[at] ?? 0);
    }
    const norm = Math.sqrt(dot(axis, axis));
    for (let at = 0; at < axis.length; at++) axis[at] = norm < 1e-12 ? 0 : (axis[at] ?? 0) / norm;
  }
}
