/** The command line of `npm run chaos`. */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { RunOptions } from './harness/world.ts'

export const HELP = `npm run chaos -- [SCENARIO…] [options]

  SCENARIO      beginnings of names; without any, all of them run
  --list        names and summaries
  --short       10 kills and as many rounds as prove something: what CI runs
  --kills N     kills in each scenario that kills (100)
  --minutes N   how long each other scenario goes on doing harm (1)
  --seed N      repeats the choices of a run
  --parallel N  scenarios at the same time (1)
  --program F   starts this instead of src/main.ts: dist/main.js after npm run build
  --keep        keeps the folders of runs without faults too
`

export const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface ChaosOptions extends RunOptions {
  readonly names: readonly string[]
  readonly parallel: number
  readonly isList: boolean
  readonly isHelp: boolean
}

/** Throws an Error that says what is wrong. */
export function chaosOptions(args: readonly string[], chosenSeed: number): ChaosOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      kills: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      parallel: { type: 'string' },
      program: { type: 'string', default: MAIN },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const number = (name: 'kills' | 'minutes' | 'seed' | 'parallel', otherwise: number) => {
    const value = values[name] === undefined ? otherwise : Number(values[name])
    if (Number.isFinite(value) && value >= 0) return value
    throw new Error(`cannot use --${name} ${values[name]}; expected a number`)
  }
  return {
    names: positionals,
    kills: number('kills', values.short ? 10 : 100),
    minutes: number('minutes', values.short ? 0 : 1),
    seed: number('seed', chosenSeed),
    parallel: Math.max(1, number('parallel', 1)),
    program: values.program,
    isKept: values.keep,
    isList: values.list,
    isHelp: values.help,
  }
}
