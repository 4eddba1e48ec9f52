/** A curve over time as an SVG file, with nothing but text and lines. */
import type { Measured, Tolerance } from './trend.ts'
import type { Sample } from './samples.ts'

const [WIDTH, HEIGHT, MARGIN] = [900, 260, 50]

export function plot(samples: readonly Sample[], { measured, title }: Tolerance): string {
  const values = samples.map((sample) => sample[measured]).filter(Number.isFinite)
  const top = values.reduce((most, value) => Math.max(most, value), 1)
  const end = samples.at(-1)?.at || 1
  const x = (at: number) => MARGIN + ((WIDTH - 2 * MARGIN) * at) / end
  const y = (value: number) => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * value) / top
  const label = (atX: number, atY: number, text: string, anchor = 'end') =>
    `<text x="${atX}" y="${atY}" text-anchor="${anchor}">${text}</text>`
  const line = `M${pointsOf(samples, measured, x, y).join('L')}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}"
  font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${label(MARGIN, 24, title, 'start')}
${label(MARGIN - 6, y(0), '0')}
${label(MARGIN - 6, y(top) + 4, top.toPrecision(3))}
${label(WIDTH - MARGIN, HEIGHT - MARGIN + 18, `${end.toFixed(0)} s`)}
<path d="M${x(0)} ${y(top)}V${y(0)}H${x(end)}" fill="none" stroke="gray"/>
<path d="M${x(end / 2)} ${y(top)}V${y(0)}" stroke="lightgray"/>
<path d="${line}" fill="none" stroke="steelblue"/>
</svg>
`
}

function pointsOf(
  samples: readonly Sample[],
  measured: Measured,
  x: (at: number) => number,
  y: (value: number) => number,
): string[] {
  return samples
    .filter((sample) => Number.isFinite(sample[measured]))
    .map((sample) => `${x(sample.at).toFixed(1)} ${y(sample[measured]).toFixed(1)}`)
}
