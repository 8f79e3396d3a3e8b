/** The charts of a run as one SVG, readable on light and on dark pages. */

import type { Chart } from './suites/suite.ts';

const WIDTH = 760;
const LEFT = 220;
const RIGHT = 130;
const BAR = 22;
const GAP = 8;
/** Above the bars of a chart: its title; below: its axis. */
const HEAD = 46;
const FOOT = 52;
/** Marks on an axis, about. */
const TICKS = 5;

const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.axis{font-size:11px;fill:#59636e}
.bar{fill:#8c959f}.own{fill:#1f6feb}.rule{stroke:#d1d9e0}.range{stroke:#1f2328;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.axis{fill:#9198a1}.bar{fill:#656c76}.own{fill:#4493f8}.rule{stroke:#3d444d}.range{stroke:#f0f6fc}}`;

export function plot(title: string, charts: readonly Chart[]): string {
  let top = 40;
  const parts = charts.map((chart) => {
    const part = `<g transform="translate(0 ${top})">\n${draw(chart)}\n</g>`;
    top += heightOf(chart);
    return part;
  });
  const label = asXml(title);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-label="${label}">
<title>${label}</title>
<style>${STYLE}</style>
<text class="title" x="12" y="26">${label}</text>
${parts.join('\n')}
</svg>
`;
}

function heightOf({ bars }: Chart): number {
  return HEAD + bars.length * (BAR + GAP) + FOOT;
}

function draw({ title, axis, bars }: Chart): string {
  const most = Math.max(...bars.map(({ spread }) => spread.most));
  const x = (value: number) => Math.round((LEFT + (value / most) * (WIDTH - LEFT - RIGHT)) * 10) / 10;
  const bottom = HEAD + bars.length * (BAR + GAP);
  const marks = ticks(most).map(
    (tick) =>
      `<line class="rule" x1="${x(tick)}" x2="${x(tick)}" y1="${HEAD - 6}" y2="${bottom}"/><text class="axis" x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${count(tick)}</text>`,
  );
  const drawn = bars.map(({ name, spread }, index) => {
    const y = HEAD + index * (BAR + GAP);
    const middle = y + BAR / 2;
    return [
      `<text x="${LEFT - 10}" y="${middle + 4.5}" text-anchor="end">${asXml(name)}</text>`,
      `<rect class="${name.startsWith('Rowpost') ? 'own' : 'bar'}" x="${LEFT}" y="${y}" width="${(x(spread.median) - LEFT).toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<line class="range" x1="${x(spread.least)}" x2="${x(spread.most)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${x(spread.most) + 8}" y="${middle + 4.5}">${count(spread.median)}</text>`,
    ].join('\n');
  });
  return [
    `<text class="title" x="12" y="${HEAD - 20}">${asXml(title)}</text>`,
    ...marks,
    ...drawn,
    `<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 34}" text-anchor="middle">${asXml(axis)}: median, and the least and the most of the rounds</text>`,
  ].join('\n');
}

/** From nothing to the most, at round numbers. */
function ticks(most: number): number[] {
  const rough = most / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

function count(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US');
}

function asXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
