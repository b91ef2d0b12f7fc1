import type { Severity } from '@charter/shared/contracts';

/** Severities for people and services, from least to most. */
export const sanctions = ['WARNING', 'SUSPENSION', 'BAN_1YEAR', 'PERMANENT_BAN', 'CRIMINAL_REFERRAL'] as const;
export type Sanction = (typeof sanctions)[number];

/** Rungs of the escalation ladder that everybody has; a policy may name others. */
export const rungSeverities = ['HIGH', 'CRITICAL'] as const;

/** What forbidden collection that repeats is called. */
export const forbiddenCollection = 'forbidden_collection';
export const violationTypes = [
  forbiddenCollection,
  'silent_collection',
  'behavioral_prediction',
  'data_extraction',
] as const;

/** Ladder severities below HIGH: told to monitor, but no violations yet. */
const belowHigh: ReadonlySet<string> = new Set(['INFO', 'LOW', 'MEDIUM', 'NOTICE', 'WARNING', 'WARN', 'MINOR']);

export type EventKind = 'forbidden-metric' | 'reported';

/** From HIGH up. Whatever is reported about a person or service is. */
export const isListed = (kind: EventKind, severity: string): boolean =>
  kind === 'reported' || !belowHigh.has(severity.toUpperCase());

const grave: ReadonlySet<string> = new Set(['CRITICAL', 'BAN_1YEAR', 'PERMANENT_BAN', 'CRIMINAL_REFERRAL']);

/** The severity that the loop knows. */
export const signalSeverity = (severity: string): Severity =>
  grave.has(severity.toUpperCase()) ? 'critical' : 'warning';

/** What the committee is told of at once. */
export const isNotified = (kind: EventKind, severity: string): boolean =>
  kind === 'reported' ? severity !== 'WARNING' : isListed(kind, severity);

/** What the system investigates without being asked. */
export const isInvestigated = (severity: string): boolean => severity.toUpperCase() === 'CRITICAL';
