import { createRandom, truncatedNormal } from './random.ts';
import { coldShare, type ServiceTime, type SwimSettings } from './settings.ts';
import { emptyTally, type Tally } from './tally.ts';
import { WebServer } from './web-server.ts';

/** What can be seen of the system from outside. */
export interface Stretch extends Tally {
  readonly seconds: number;
  /** Over the stretch: mean dimmer, mean servers (one that boots included). */
  readonly meanDimmer: number;
  readonly meanServers: number;
  /** Share of the time each connected server was busy. */
  readonly utilization: readonly number[];
}

/**
 * The web system at request level, under a clock that only `run` moves. Requests go round robin to the connected
 * servers. A server keeps its warm cache while it is away: n counts what the server of that number has served.
 */
export class WebSystem {
  readonly settings: SwimSettings;
  now = 0;
  dimmer: number;
  private readonly seed: number;
  private connections = 0;
  private readonly tally = emptyTally();
  private readonly connected: WebServer[] = [];
  private readonly draining = new Set<WebServer>();
  /** By number of the server, how much it had served when it was last removed. */
  private readonly servedBefore: number[] = [];
  private bootsUntil = Number.POSITIVE_INFINITY;
  private turn = 0;
  private since = 0;
  private dimmerSeconds = 0;
  private serverSeconds = 0;

  constructor(settings: SwimSettings, seed: number) {
    this.settings = settings;
    this.seed = seed;
    this.dimmer = settings.initialDimmer;
    for (let n = 0; n < settings.initialServers; n += 1) this.connect();
  }

  get activeServers(): number {
    return this.connected.length;
  }

  get isBooting(): boolean {
    return this.bootsUntil !== Number.POSITIVE_INFINITY;
  }

  /** Servers that are paid for, the one that boots included. */
  get servers(): number {
    return this.connected.length + (this.isBooting ? 1 : 0);
  }

  /** Seconds until the booting server is there; 0 when none boots. */
  get bootRemaining(): number {
    return this.isBooting ? this.bootsUntil - this.now : 0;
  }

  /** Jobs inside, those of servers on their way out included. */
  get jobs(): number {
    let sum = 0;
    for (const server of this.connected) sum += server.jobs;
    for (const server of this.draining) sum += server.jobs;
    return sum;
  }

  /** Service time still owed to jobs in service. */
  get owed(): number {
    let sum = 0;
    for (const server of this.connected) sum += server.owed;
    for (const server of this.draining) sum += server.owed;
    return sum;
  }

  /** Lets the requests that arrive at `arrivals[from…]` before `until` pass; answers the index of the first one left. */
  run(arrivals: Float64Array, from: number, until: number): number {
    let next = from;
    while (this.bootsUntil <= until) {
      const ready = this.bootsUntil;
      next = this.stretch(arrivals, next, ready);
      this.bootsUntil = Number.POSITIVE_INFINITY;
      this.connect();
    }
    return this.stretch(arrivals, next, until);
  }

  /** What was seen since it was last asked. */
  take(): Stretch {
    const seconds = this.now - this.since;
    const seen: Stretch = {
      ...this.tally,
      seconds,
      meanDimmer: seconds > 0 ? this.dimmerSeconds / seconds : this.dimmer,
      meanServers: seconds > 0 ? this.serverSeconds / seconds : this.servers,
      utilization: this.connected.map((server) => (seconds > 0 ? Math.min(1, server.takeBusy() / seconds) : 0)),
    };
    Object.assign(this.tally, emptyTally());
    this.since = this.now;
    this.dimmerSeconds = 0;
    this.serverSeconds = 0;
    return seen;
  }

  /** @returns why not; null when a server boots now */
  addServer(): string | null {
    if (this.isBooting) return 'a server is booting already';
    if (this.servers >= this.settings.maxServers) return 'all servers are in use';
    if (this.settings.bootDelay === 0) this.connect();
    else this.bootsUntil = this.now + this.settings.bootDelay;
    return null;
  }

  /** Removes the newest server, or ends its boot. It finishes what it has begun. */
  removeServer(): string | null {
    if (this.servers <= 1) return 'the last server stays';
    if (this.isBooting) {
      this.bootsUntil = Number.POSITIVE_INFINITY;
      return null;
    }
    const server = this.connected.pop();
    if (!server) return 'no server is connected';
    this.servedBefore[this.connected.length] = server.served;
    if (server.jobs > 0) this.draining.add(server);
    return null;
  }

  setDimmer(dimmer: number): string | null {
    if (!(dimmer >= 0 && dimmer <= 1)) return 'the dimmer is a share from 0 to 1';
    this.dimmer = dimmer;
    return null;
  }

  /** Every server draws from a stream of its own, so that what happens does not depend on how often one looks. */
  private connect(): void {
    this.connections += 1;
    const random = createRandom(this.seed * 8_191 + this.connections);
    const { threads, patience, optional, basic, warmUpRequests } = this.settings;
    const time = (kind: ServiceTime, served: number): number =>
      Math.max(1e-6, truncatedNormal(random, kind.mean, kind.deviation)) +
      kind.coldExtra * coldShare(served, warmUpRequests);
    const draw = (served: number): number =>
      random.uniform() < this.dimmer ? time(optional, served) : -time(basic, served);
    const server = new WebServer(threads, patience, draw, this.tally);
    server.served = this.servedBefore[this.connected.length] ?? 0;
    server.startAt(this.now);
    this.connected.push(server);
  }

  private stretch(arrivals: Float64Array, from: number, until: number): number {
    const { connected } = this;
    let next = from;
    for (; next < arrivals.length; next += 1) {
      const at = arrivals[next] ?? 0;
      if (at >= until) break;
      this.turn = (this.turn + 1) % connected.length;
      connected[this.turn]?.arrive(at);
      this.tally.arrivals += 1;
    }
    for (const server of connected) server.advance(until);
    for (const server of this.draining) {
      server.advance(until);
      if (server.jobs === 0) this.draining.delete(server);
    }
    const seconds = until - this.now;
    this.dimmerSeconds += this.dimmer * seconds;
    this.serverSeconds += this.servers * seconds;
    this.now = until;
    return next;
  }
}
