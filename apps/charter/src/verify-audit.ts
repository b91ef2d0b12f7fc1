import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { verifyExport } from './domain/verify-export.ts';

/** `node verify-audit.ts export.jsonl [public-key.pem]`: exits with 1 and names the first broken record. */
const [path, keyPath] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: verify-audit.ts export.jsonl [public-key.pem]\n');
  process.exit(2);
}
const publicKey = keyPath === undefined ? undefined : await readFile(keyPath, 'utf8');
const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
const { valid, head, firstBroken, keyId } = await verifyExport(lines, publicKey);
if (valid) process.stdout.write(`valid: ${String(head.seq)} records, signed by key ${keyId ?? ''}\n`);
else process.stdout.write(`broken: record ${String(firstBroken?.seq)} ${firstBroken?.reason ?? ''}\n`);
process.exit(valid ? 0 : 1);
