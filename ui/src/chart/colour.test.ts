// Holds that keys keep their colour, that few keys never share one, and that every colour can be seen on its ground.
import { describe, expect, it } from 'vitest';
import { PALETTES, strokeRegistry } from './colour.ts';

const luminance = (hex: string): number => {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string): number => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

describe('colours', () => {
  it('stand out from their ground by 3:1', () => {
    for (const colour of PALETTES.dark) expect(contrast(colour, '#101418')).toBeGreaterThanOrEqual(3);
    for (const colour of PALETTES.light) expect(contrast(colour, '#ffffff')).toBeGreaterThanOrEqual(3);
  });

  it('stay with their key and differ for up to 24 keys', () => {
    const strokeOf = strokeRegistry();
    const keys = Array.from({ length: 24 }, (_, i) => `host-${i}`);
    const seen = new Set(keys.map((key) => JSON.stringify(strokeOf('host', key))));
    expect(seen.size).toBe(24);
    const again = strokeRegistry();
    expect(keys.map((key) => again('host', key))).toEqual(keys.map((key) => strokeOf('host', key)));
    expect(strokeOf('host', 'one more').colour).toBeLessThan(8);
    expect(strokeOf('mode', 'host-23').dash).toEqual([]);
  });
});
