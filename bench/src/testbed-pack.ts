import { readFileSync } from 'node:fs';
import { parsePackDocuments } from '@charter/shared/charter-client';
import { parseAllDocuments } from 'yaml';

const file = new URL('../../deploy/packs/demo.yaml', import.meta.url);

/** The demo pack as it is delivered. */
export const pack = parsePackDocuments(
  parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document): unknown => document.toJS())
    .filter((document) => document !== null),
);
