import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');

/** WCAG 1.4.3 and 1.4.11. */
const TEXT_RATIO_MIN = 4.5;
const EDGE_RATIO_MIN = 3;

const THEMES = ['light', 'dark'] as const;
const GROUNDS = ['page', 'surface', 'surface-2', 'surface-3', 'raised', 'selected'];
const TEXTS_EVERYWHERE = ['text', 'text-2', 'text-3', 'accent'];
/** In OKLab, where 0.02 is what a trained eye just sees between two patches side by side. */
const APART_MIN = 0.04;
const STATES = ['live', 'good', 'warn', 'bad'];
const TONES = ['live', 'good', 'warn', 'bad', 'accent', 'neutral'];

describe.each(THEMES)('the %s theme', (theme) => {
  it.each(TEXTS_EVERYWHERE)('keeps --%s readable on every ground', (name) => {
    for (const ground of GROUNDS) expectRatio(theme, name, ground, TEXT_RATIO_MIN);
  });

  it.each(TONES)('keeps --%s readable on its own soft ground, on pages, rows and code', (name) => {
    const grounds = ['page', 'surface', 'surface-2', 'selected', 'raised', `${name}-soft`];
    for (const ground of grounds) expectRatio(theme, name, ground, TEXT_RATIO_MIN);
  });

  it('keeps text readable on soft grounds, and white on filled buttons', () => {
    for (const name of ['text', 'text-2'])
      for (const tone of TONES) expectRatio(theme, name, `${tone}-soft`, TEXT_RATIO_MIN);
    for (const fill of ['accent-fill', 'accent-fill-2', 'bad-fill', 'bad-fill-2'])
      expectRatio(theme, 'on-accent', fill, TEXT_RATIO_MIN);
  });

  it('lets edges of fields and the focus be seen', () => {
    for (const name of ['line-strong', 'focus'])
      for (const ground of ['page', 'surface', 'raised', 'surface-2'])
        expectRatio(theme, name, ground, EDGE_RATIO_MIN);
  });

  it.each(['deuteranopia', 'protanopia'] as const)('keeps states apart for eyes with %s', (kind) => {
    const seen = STATES.map((name) => ({
      name,
      at: toOklab(toSeen(kind, toLinear(readColor(theme, name)))),
    }));
    for (const one of seen) {
      for (const other of seen) {
        if (one.name >= other.name) continue;
        const away = Math.hypot(...one.at.map((value, at) => value - (other.at[at] ?? 0)));
        expect(away, `--${one.name} and --${other.name} in ${theme}`).toBeGreaterThan(APART_MIN);
      }
    }
  });
});

function expectRatio(theme: (typeof THEMES)[number], name: string, ground: string, min: number): void {
  const ratio = toRatio(readColor(theme, name), readColor(theme, ground));
  expect(ratio, `--${name} on --${ground} in ${theme} is ${ratio.toFixed(2)}`).toBeGreaterThanOrEqual(min);
}

function readColor(theme: (typeof THEMES)[number], name: string): string {
  // The first one stands in :root; later ones are for other media.
  const value = new RegExp(String.raw`--${name}:\s*([^;]+);`).exec(css)?.[1] ?? '';
  const alias = /^var\(--([a-z0-9-]+)\)$/.exec(value)?.[1];
  if (alias !== undefined) return readColor(theme, alias);
  const both = /^light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)$/.exec(value);
  const color = both === null ? value : both[theme === 'light' ? 1 : 2];
  if (color === undefined || !/^#[0-9a-f]{6}$/.test(color))
    throw new Error(`--${name} is no colour: ${value}`);
  return color;
}

function toRatio(one: string, other: string): number {
  const [dark = 0, light = 0] = [toLuminance(one), toLuminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function toLuminance(color: string): number {
  const [red, green, blue] = toLinear(color);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

type Light = readonly [red: number, green: number, blue: number];

function toLinear(color: string): Light {
  const part = (at: number): number => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

/** Machado, Oliveira and Fernandes 2009, full severity. */
const SEEN = {
  deuteranopia: [
    [0.367_322, 0.860_646, -0.227_968],
    [0.280_085, 0.672_501, 0.047_413],
    [-0.011_82, 0.042_94, 0.968_881],
  ],
  protanopia: [
    [0.152_286, 1.052_583, -0.204_868],
    [0.114_503, 0.786_281, 0.099_216],
    [-0.003_882, -0.048_116, 1.051_998],
  ],
} as const;

function toSeen(kind: keyof typeof SEEN, [red, green, blue]: Light): Light {
  const [first, second, third] = SEEN[kind];
  const mix = ([r, g, b]: Light): number => Math.min(1, Math.max(0, r * red + g * green + b * blue));
  return [mix(first), mix(second), mix(third)];
}

function toOklab([red, green, blue]: Light): Light {
  const l = Math.cbrt(0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue);
  const m = Math.cbrt(0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue);
  const s = Math.cbrt(0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue);
  return [
    0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
    1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
    0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
  ];
}
