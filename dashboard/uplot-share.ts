/**
 * The part of uPlot that charts/plot.ts uses: 9 kB of its 24, gzipped, are legends, calendars, logarithmic scales,
 * splines, bands, dragging and plots that follow each other, none of which this dashboard lets it do. uPlot is one
 * function, so that no bundler can tell. Here the bundler is told what plot.ts's options make true of every plot, and
 * drops what then never runs. A fact that is not found in the source fails the build: another version of uPlot is
 * looked through anew.
 */
import type { Plugin } from 'vite';

type Fact = readonly [always: string, written: string | RegExp, replacement: string];

/** While developing uPlot is used whole, so that a chart that differs from the built one is seen. */
export function takeUsedPartOfUplot(): Plugin {
  return {
    name: 'used-part-of-uplot',
    apply: 'build',
    transform: {
      filter: { id: /uPlot\.esm\.js$/ },
      handler: (code) => ({ code: FACTS.reduce(apply, code), map: null }),
    },
  };
}

function apply(code: string, [always, written, replacement]: Fact): string {
  const applied = code.replace(written, replacement);
  if (applied === code) throw new Error(`uPlot's source does not show where this is decided: ${always}.`);
  return applied;
}

const FACTS: readonly Fact[] = [
  ['series share their x values', /\bmode == 1\b/g, 'true'],
  ['none has its own', /\bmode == 2\b/g, 'false'],
  ['x runs from left to right', /\bscaleX\.ori == 0\b/g, 'true'],
  ['also while it is drawn', 'sx.ori == 0', 'true'],
  ['and nowhere else', /\bscaleX\.ori == 1\b/g, 'false'],
  ['scales are linear', /\b(?:\w+\.)?(?:distr|xScaleDistr) (?:==|>=) (?:2|3|4|100)\b/g, 'false'],
  ['and never of time: ticks and their labels are ours', /let isTime = .*;/g, 'const isTime = false;'],
  ['nor is x', 'scaleX.time', 'false'],
  [
    'clocks and calendars are ours',
    /\tconst _(?:tzDate|fmtDate|timeAxisSplits|timeAxisVals|timeSeriesVal) +=.*\n/g,
    '',
  ],
  ['so are their steps', /const \[ timeIncrs\w+, .*\n/g, ''],
  ['the legend is ours', 'const showLegend = legend.show;', 'const showLegend = false;'],
  ['it is not live', 'live: true,', 'live: false,'],
  ['nothing is dimmed near the cursor', 'const cursorFocus = focus.prox >= 0;', 'const cursorFocus = false;'],
  ['each series has its own dot at the cursor', 'cursorFocus && points.one', 'false'],
  ['nothing is dragged by uPlot', 'let dragging = false;', 'const dragging = false;'],
  ['nor clicked', /\ton\("click", wrap, [\s\S]*?\}, true\);\n/, ''],
  ['nor pointed at', /\t\tonMouse\(mousedown,[\s\S]*?onMouse\(dblclick, over, dblClick\);\n/, ''],
  ['no plot follows another', /\tconst events = \{\};[\s\S]*?\n\t\};\n/, ''],
  ['nor leads one', /\t\tif \(syncOpts\.filters\.pub[^\n]*\n[^\n]*\n/, ''],
  [
    'nor joins a group',
    /\tconst sync = _sync\(syncKey\);\n|\tsync\.(?:un)?sub\(self\);\n|\tself\.pub = pub;\n/g,
    '',
  ],
  ['nor hears of one', /\tfunction pub\(type, src[\s\S]*?\n\t\}\n/, ''],
  ['scales have their range from us', /fnOrSelf\(rn \|\| \(isTime[\s\S]*?\t\)\);/, 'fnOrSelf(rn);'],
  [
    'by a function',
    /\t\t\t\tif \(scaleKey != xScaleKey \|\| [\s\S]*?rangeNum\(dataMin, dataMax, cfg\);\n\t+\}\n\t+\}\n/,
    '',
  ],
  ['also over one slot', '[_min, _max] = rangeNum(_min, _max, rangePad, true)', '_max = _min + 1'],
  ['axes have their ticks from us', /axis\.splits \|\| \(isTime.*\)\);/, 'axis.splits);'],
  ['and their labels', /: av \|\| numAxisVals$/m, ': av'],
  ['all of them', /axis\.filter \|\| \( .*retArg1\)\);/, 'retArg1);'],
  ['values are written by us', /\t\t\tlet sv = s\.value;\n.*\n.*\n/, ''],
  [
    'the slot that is read is the one at the cursor',
    /\tif \(cursor\.dataIdx == null\) \{[\s\S]*?\n\t\}\n/,
    '',
  ],
  ['no area between two series', /= bandFillClipDirs\(u, seriesIdx\);/g, '= [0, 0];'],
  ['nothing is clipped by another', /\t\tflags != 0 && bands\.forEach[\s\S]*?\n\t\t\}\);\n/, ''],
  [
    'series, bands and legend stay as they are',
    /\tself\.(?:\w+(?:Series|Band|Legend)|redraw|valToIdx|posToIdx) += (?:\w+|.*=> .*|[\s\S]*?\n\t\});\n|\tself\.redraw = [\s\S]*?\n\t\};\n/g,
    '',
  ],
  ['no names of days', /= (?:days|months)\.map\(slice3\);/g, '= [];'],
  ['no powers of two', 'genIncrs(2, -53, 53, [1]);', ''],
  ['the bars of a series have one colour', 'let multiPath = false;', 'const multiPath = false;'],
  ['each of them', /if \(dispFills != null [\s\S]*?(?=\t\t\tlet \{ x0, size)/, ''],
  ['and one width', 'x0 != null && size != null', 'false'],
  ['so has a path', /(?:stroke|fill)Path instanceof Map/g, 'false'],
  ['axes have no title', /axis\.label != null/g, 'false'],
  ['no scale follows another', /\b(?:w?sc|scaleOpts)\.from != null/g, 'false'],
  ['nor has a legend values', 'if (legend.live) {', 'if (false) {'],
  ['bars and straight lines are the only paths', /\t\(paths\.(?:linear|stepped|spline) .*\n/g, ''],
  ['uPlot lends nothing else', /uPlot\.(?!pxRatio|paths)\w+ *= .*;/g, ''],
];
