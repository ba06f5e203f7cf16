// Holds that words can be read on every ground they stand on, in both themes: contrast of 4.5, 3 for the edges of controls.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const tokensOf = (block: string): Map<string, string> =>
  new Map([...block.matchAll(/--([a-z\d-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name as string, value as string]));
const [, dark = '', light = ''] = css.split(/:root[^{]*\{/);
const THEMES = { dark: tokensOf(dark), light: tokensOf(light) };

const fadedOf = (block: string): number => Number(/--faded:\s*([\d.]+)/.exec(block)?.[1]);
const FADED = { dark: fadedOf(dark), light: fadedOf(light) };
/** A colour shown that opaque on a ground. */
const faded = (hex: string, ground: string, opacity: number): string =>
  `#${[1, 3, 5]
    .map((i) =>
      Math.round(Number.parseInt(hex.slice(i, i + 2), 16) * opacity + Number.parseInt(ground.slice(i, i + 2), 16) * (1 - opacity))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;

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

describe.each(Object.entries(THEMES))('%s', (theme, tokens) => {
  const fade = FADED[theme as keyof typeof THEMES];
  const of = (name: string): string => {
    const value = tokens.get(name);
    if (value === undefined) throw new Error(`no token --${name}`);
    return value;
  };

  it('has the same tokens as the other theme', () => {
    expect([...THEMES.dark.keys()]).toEqual([...THEMES.light.keys()]);
  });

  it.each(['text', 'muted', 'accent', 'error', 'fatal', 'warn', 'ok', 'info'])('%s can be read', (name) => {
    for (const ground of ['ground', 'raised', 'hover']) expect(contrast(of(name), of(ground)), ground).toBeGreaterThanOrEqual(4.5);
  });

  it('syntax, buttons and states can be read', () => {
    for (const name of tokens.keys()) if (name.startsWith('syntax-')) expect(contrast(of(name), of('ground')), name).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('accent-text'), of('accent-ground'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('text'), of('selected'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('error'), of('error-ground'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('warn'), of('warn-ground'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('control-line'), of('ground'))).toBeGreaterThanOrEqual(3);
  });

  it('bars of severities and status classes and lines of charts are seen, words that were searched for are read', () => {
    const bars = [...tokens.keys()].filter((key) => /^(severity|status|series)-/.test(key));
    expect(bars).toHaveLength(12 + 9);
    for (const name of bars) for (const ground of ['ground', 'raised']) expect(contrast(of(name), of(ground)), name).toBeGreaterThanOrEqual(3);
    for (const name of ['text', 'muted']) expect(contrast(of(name), of('found-ground')), name).toBeGreaterThanOrEqual(name === 'text' ? 4.5 : 3);
  });

  it('what is selected and what is stale can be read', () => {
    for (const name of ['muted', 'accent', 'error', 'warn', 'ok', 'info', ...[...tokens.keys()].filter((key) => key.startsWith('syntax-'))])
      expect(contrast(of(name), of('selected')), name).toBeGreaterThanOrEqual(4.5);
    expect(contrast(faded(of('text'), of('ground'), fade), of('ground'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(faded(of('muted'), of('ground'), fade), of('ground'))).toBeGreaterThanOrEqual(4.5);
  });
});
