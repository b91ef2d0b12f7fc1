import type { LiveView } from './live-view.ts';
import type { WebSystem } from './web-system.ts';

/** One line of the protocol in, one line out: a value, `OK`, or `error: …`. */
export function answerTo(line: string, system: WebSystem, live: LiveView): string {
  const [command = '', argument] = line.trim().split(/\s+/);
  const done = (refusal: string | null): string => (refusal === null ? 'OK' : `error: ${refusal}`);
  switch (command) {
    case 'get_dimmer':
      return shown(system.dimmer);
    case 'get_servers':
      return shown(system.servers);
    case 'get_active_servers':
      return shown(system.activeServers);
    case 'get_max_servers':
      return shown(system.settings.maxServers);
    case 'get_utilization':
      return utilizationOf(argument, live);
    case 'get_basic_rt':
      return shown(live.view().basicResponse);
    case 'get_basic_throughput':
      return shown(live.view().basicRate);
    case 'get_opt_rt':
      return shown(live.view().optionalResponse);
    case 'get_opt_throughput':
      return shown(live.view().optionalRate);
    case 'get_arrival_rate':
      return shown(live.view().arrivalRate);
    case 'add_server':
      return done(system.addServer());
    case 'remove_server':
      return done(system.removeServer());
    case 'set_dimmer':
      return argument === undefined ? 'error: missing dimmer argument' : done(system.setDimmer(Number(argument)));
    default:
      return 'error: unknown command';
  }
}

function utilizationOf(name: string | undefined, live: LiveView): string {
  if (name === undefined) return 'error: missing server argument';
  const number = /^server(\d+)$/.exec(name)?.[1];
  const busy = number === undefined ? undefined : live.view().utilization[Number(number) - 1];
  return busy === undefined ? `error: server '${name.slice(0, 40)}' does not exist` : shown(busy);
}

/** Six digits, as a C++ stream writes them. */
const shown = (value: number): string => String(Number(value.toPrecision(6)));
