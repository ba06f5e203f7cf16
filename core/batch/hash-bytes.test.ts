// That nobody can prepare texts that meet in one slot: each process hashes anew.
import { expect, test, vi } from 'vitest';

test('another process hashes the same bytes to something else', async () => {
  const bytes = Buffer.from('10.0.0.7 "GET /index.html" 200');
  const found = new Set<number>();
  for (let process = 0; process < 8; process++) {
    vi.resetModules();
    const { hashBytes } = await import('./hash-bytes.ts');
    expect(hashBytes(bytes, 0, bytes.length)).toBe(hashBytes(Buffer.concat([Buffer.from('x'), bytes]), 1, bytes.length + 1));
    found.add(hashBytes(bytes, 0, bytes.length));
  }
  expect(found.size).toBe(8);
});
