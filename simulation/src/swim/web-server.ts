import type { Tally } from './tally.ts';

/** Draws how long the next request takes; negative for one without optional content. */
export type DrawService = (served: number) => number;

/**
 * One server: processor sharing between at most `threads` jobs, the rest waits in line.
 * All jobs in service have had the same share since they came in, so each is told apart by the one number of shared
 * work at which it will be done: a heap of those numbers is all there is to keep.
 */
export class WebServer {
  /** Requests it has taken into service, ever. */
  served = 0;
  /** Processor time given since the last `takeBusy`. */
  private busySeconds = 0;
  private now = 0;
  /** Work each job in service has had since the server was last idle. */
  private shared = 0;
  private inService = 0;
  private readonly doneAt: Float64Array;
  private readonly arrivedAt: Float64Array;
  private readonly isBasic: Uint8Array;
  private line = new Float64Array(1_024);
  private lineHead = 0;
  private lineLength = 0;
  private readonly threads: number;
  private readonly patience: number;
  private readonly draw: DrawService;
  private readonly tally: Tally;

  constructor(threads: number, patience: number, draw: DrawService, tally: Tally) {
    this.threads = threads;
    this.patience = patience;
    this.draw = draw;
    this.tally = tally;
    this.doneAt = new Float64Array(threads);
    this.arrivedAt = new Float64Array(threads);
    this.isBasic = new Uint8Array(threads);
  }

  get jobs(): number {
    return this.inService + this.lineLength;
  }

  /** Work still owed to the jobs in service, in seconds. */
  get owed(): number {
    let sum = 0;
    for (let n = 0; n < this.inService; n += 1) sum += (this.doneAt[n] ?? 0) - this.shared;
    return sum;
  }

  takeBusy(): number {
    const seconds = this.busySeconds;
    this.busySeconds = 0;
    return seconds;
  }

  /** An idle server comes to life at `at`. */
  startAt(at: number): void {
    this.now = at;
  }

  arrive(at: number): void {
    this.advance(at);
    if (this.inService < this.threads) this.enter(at);
    else this.wait(at);
  }

  /** Serves until `to`; requests that leave are counted as they leave. */
  advance(to: number): void {
    while (this.inService > 0) {
      const least = this.doneAt[0] ?? 0;
      const needed = (least - this.shared) * this.inService;
      const left = to - this.now;
      if (needed > left) {
        this.shared += left / this.inService;
        this.give(left);
        this.now = to;
        return;
      }
      this.give(needed);
      this.now += needed;
      this.shared = least;
      this.leave();
      if (this.lineLength > 0) this.admit();
    }
    this.shared = 0;
    this.now = to;
  }

  private give(seconds: number): void {
    this.busySeconds += seconds;
    this.tally.busy += seconds;
  }

  private admit(): void {
    while (this.lineLength > 0 && this.inService < this.threads) {
      const arrived = this.line[this.lineHead] ?? 0;
      this.lineHead = (this.lineHead + 1) & (this.line.length - 1);
      this.lineLength -= 1;
      if (this.now - arrived >= this.patience) {
        this.tally.unserved += 1;
        this.tally.optional += 1;
        this.tally.optionalSeconds += this.now - arrived;
      } else this.enter(arrived);
    }
  }

  private enter(arrived: number): void {
    const drawn = this.draw(this.served);
    const service = Math.abs(drawn);
    this.served += 1;
    this.tally.demand += service;
    const due = this.shared + service;
    let hole = this.inService;
    this.inService += 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((this.doneAt[parent] ?? 0) <= due) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.put(hole, due, arrived, drawn < 0 ? 1 : 0);
  }

  /** The job at the root of the heap is done. */
  private leave(): void {
    const seconds = this.now - (this.arrivedAt[0] ?? 0);
    if (this.isBasic[0] === 1) {
      this.tally.basic += 1;
      this.tally.basicSeconds += seconds;
    } else {
      this.tally.optional += 1;
      this.tally.optionalSeconds += seconds;
    }
    this.inService -= 1;
    const last = this.inService;
    const due = this.doneAt[last] ?? 0;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      if (child + 1 < last && (this.doneAt[child + 1] ?? 0) < (this.doneAt[child] ?? 0)) child += 1;
      if ((this.doneAt[child] ?? 0) >= due) break;
      this.move(child, hole);
      hole = child;
    }
    this.put(hole, due, this.arrivedAt[last] ?? 0, this.isBasic[last] ?? 0);
  }

  private move(from: number, to: number): void {
    this.put(to, this.doneAt[from] ?? 0, this.arrivedAt[from] ?? 0, this.isBasic[from] ?? 0);
  }

  private put(at: number, due: number, arrived: number, basic: number): void {
    this.doneAt[at] = due;
    this.arrivedAt[at] = arrived;
    this.isBasic[at] = basic;
  }

  private wait(arrived: number): void {
    const size = this.line.length;
    if (this.lineLength === size) {
      const longer = new Float64Array(size * 2);
      for (let n = 0; n < size; n += 1) longer[n] = this.line[(this.lineHead + n) & (size - 1)] ?? 0;
      this.line = longer;
      this.lineHead = 0;
    }
    this.line[(this.lineHead + this.lineLength) & (this.line.length - 1)] = arrived;
    this.lineLength += 1;
  }
}
