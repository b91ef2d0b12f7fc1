import { defaultSwim, type SwimSettings } from './settings.ts';

interface Range {
  readonly least: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/** @throws RangeError that names the flag */
export function numberFlag(
  name: string,
  text: string,
  { least, most = Number.MAX_SAFE_INTEGER, whole }: Range,
): number {
  const value = Number(text);
  const fits = text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value));
  if (fits) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `at least ${String(least)}` : `${String(least)} to ${String(most)}`;
  throw new RangeError(`--${name} ${text} is not a ${whole ? 'whole ' : ''}number of ${range}`);
}

/** The default web system with what the flags change. All servers are in use at the start, as in the original. */
export function settingsFrom(flags: { readonly 'boot-delay'?: string; readonly servers?: string }): SwimSettings {
  const { 'boot-delay': bootDelay, servers } = flags;
  const maxServers =
    servers === undefined
      ? defaultSwim.maxServers
      : numberFlag('servers', servers, { least: 1, most: 60, whole: true });
  return {
    ...defaultSwim,
    maxServers,
    initialServers: maxServers,
    bootDelay:
      bootDelay === undefined ? defaultSwim.bootDelay : numberFlag('boot-delay', bootDelay, { least: 0, most: 3_600 }),
  };
}
