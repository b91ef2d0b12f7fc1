/** Mean of the newest values, in constant time and memory. */
export interface MovingMean {
  readonly add: (value: number) => number;
  readonly values: () => number[];
}

export function createMovingMean(capacity: number, initial: readonly number[] = []): MovingMean {
  const ring = new Float64Array(capacity);
  let size = 0;
  let next = 0;
  const add = (value: number): number => {
    ring[next] = value;
    next = (next + 1) % capacity;
    if (size < capacity) size++;
    // summed anew, oldest first: a running sum would carry the rounding errors of huge values for ever
    let sum = 0;
    const oldest = size < capacity ? 0 : next;
    for (let i = oldest; i < size; i++) sum += ring[i] ?? 0;
    for (let i = 0; i < oldest; i++) sum += ring[i] ?? 0;
    return sum / size;
  };
  for (const value of initial) add(value);
  return {
    add,
    values: () => Array.from({ length: size }, (_, i) => ring[(next - size + i + capacity) % capacity] ?? 0),
  };
}
