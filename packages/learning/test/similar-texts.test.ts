import { describe, expect, test } from 'vitest';
import { createTextIndex, type Document } from '../src/index.ts';
import { tokensOf } from '../src/tokens.ts';

const documents: Document[] = [
  {
    id: 'disk',
    title: 'NodeFilesystemSpaceFillingUp',
    body: 'The filesystem of a node runs out of space. Delete old logs.',
  },
  {
    id: 'cpu',
    title: 'CPUThrottlingHigh',
    body: 'Containers are throttled. Raise the processor limit of the deployment.',
  },
  { id: 'cert', title: 'KubeletClientCertificateExpiration', body: 'A certificate expires soon. Renew it.' },
  {
    id: 'tls',
    title: 'IngressTlsFailing',
    body: 'Renew the certificate of the ingress; clients refuse an expired one.',
  },
  { id: 'restart', title: 'KubePodCrashLooping', body: 'A pod restarts again and again. Look at its logs.' },
];
const first = (text: string, options = {}) => createTextIndex(documents, options).closest(text, 1)[0]?.id;

describe('words of a text', () => {
  test('come out of names in any writing, without endings', () => {
    expect(tokensOf('KubePodCrashLooping')).toEqual(['kube', 'pod', 'crash', 'loop']);
    expect(tokensOf('latency_p95_seconds of the caches')).toEqual(['latency', 'p95', 'second', 'cache']);
    expect(tokensOf('restarts restarted restarting')).toEqual(['restart', 'restart', 'restart']);
  });
});

describe('a text index', () => {
  test('finds what speaks of the same', () => {
    expect(first('filesystem is filling up and will be out of space')).toBe('disk');
    expect(first('pod is crash looping')).toBe('restart');
    expect(first('processor throttling of a container')).toBe('cpu');
  });

  test('finds by its vectors what shares no word with the question', () => {
    const asked = 'expiration kubelet';
    const ranked = createTextIndex(documents, { latentWeight: Number.POSITIVE_INFINITY, dimensions: 3 }).closest(
      asked,
      5,
    );
    expect(ranked.slice(0, 2).map(({ id }) => id)).toEqual(['cert', 'tls']);
  });

  test('gives the same order every time, and no more than asked for', () => {
    const index = createTextIndex(documents);
    expect(index.closest('logs', 3)).toEqual(createTextIndex(documents).closest('logs', 3));
    expect(index.closest('logs', 3)).toHaveLength(3);
    expect(index.closest('', 2).map(({ id }) => id)).toEqual(['cert', 'cpu']);
  });

  test('of nothing finds nothing', () => {
    expect(createTextIndex([]).closest('anything', 5)).toEqual([]);
  });
});
