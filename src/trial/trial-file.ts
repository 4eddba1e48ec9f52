/**
 * The file with the tests of a configuration: `logboom.test.yaml` beside `logboom.yaml`. What is
 * sent in, and what has to come out of each output.
 */
import { dirname, resolve } from 'node:path'
import type { Static } from 'typebox'
import { type Diagnostic, hasErrors } from '../config/diagnostic.ts'
import { Duration } from '../config/fields.ts'
import { readSource, readSourceFile } from '../config/include.ts'
import { locate, type MapTree, plainValue } from '../config/tree.ts'
import { Type } from '../config/type.ts'
import { validateConfig } from '../config/validate.ts'

const closed = { additionalProperties: false } as const
const record = Type.Record(Type.String({ pattern: '^[^]*$' }), Type.Unknown(), {
  description: 'The fields.',
})

const sent = Type.Object(
  {
    input: Type.Optional(
      Type.String({ description: 'The input it comes from; absent, the first one.' }),
    ),
    tag: Type.Optional(Type.String({ description: 'Its tag; absent for `wait`.', minLength: 1 })),
    time: Type.Optional(
      Type.String({ description: 'Its time, RFC 3339; absent, 2026-01-01T00:00:00Z.' }),
    ),
    record: Type.Optional(record),
    wait: Type.Optional(Duration({ description: 'Time that passes; absent for an event.' })),
  },
  closed,
)

const expected = Type.Object(
  {
    tag: Type.Optional(Type.String({ description: 'Its tag; absent, any.' })),
    time: Type.Optional(Type.String({ description: 'Its time, RFC 3339; absent, any.' })),
    record,
  },
  closed,
)

const trialSchema = Type.Object(
  {
    name: Type.String({ description: 'What it shows.', minLength: 1 }),
    send: Type.Array(sent, { description: 'What comes in, in this order; it may be nothing.' }),
    expect: Type.Record(Type.String(), Type.Array(expected), {
      description: 'By output, what it gets, in this order; one that is not named gets nothing.',
    }),
  },
  closed,
)

const fileSchema = Type.Object(
  {
    env: Type.Record(Type.String(), Type.String(), {
      description: 'Environment variables that the configuration refers to.',
      default: {},
    }),
    files: Type.Record(Type.String(), Type.String(), {
      description: 'Texts that stand in for the files of `${file:…}`, by path.',
      default: {},
    }),
    tests: Type.Array(trialSchema, { description: 'The tests.', minItems: 1 }),
  },
  closed,
)

export type Trial = Static<typeof trialSchema>
export type Sent = Static<typeof sent>
export type Expected = Static<typeof expected>
export type TrialFile = Static<typeof fileSchema>

export interface ReadTrials {
  /** Undefined if there are errors. */
  readonly file?: TrialFile
  readonly diagnostics: readonly Diagnostic[]
}

/** Throws `cannot read configuration …` if there is no such file. */
export function readTrials(path: string): ReadTrials {
  const source = readSourceFile(path)
  const { tree, problems } = readSource(source, dirname(resolve(path)), process.env)
  if (hasErrors(problems)) return { diagnostics: problems }
  const { value, problems: wrong = [] } = validateConfig(fileSchema, plainValue(tree))
  const found = wrong.map(({ path: at, message, atKey }) => diagnostic(tree, at, message, atKey))
  const faults = value ? sentFaults(value) : []
  const odd = faults.map(({ path: at, message }) => diagnostic(tree, at, message, true))
  const diagnostics = [...found, ...odd]
  return value && odd.length === 0 ? { file: value, diagnostics } : { diagnostics }
}

function diagnostic(tree: MapTree, path: readonly string[], message: string, atKey: boolean) {
  return { severity: 'error' as const, message, location: locate(tree, path, atKey) }
}

function sentFaults({ tests }: TrialFile): { path: string[]; message: string }[] {
  return tests.flatMap(({ send }, test) =>
    send.flatMap(({ tag, record: fields, wait, time }, index) => {
      const path = ['tests', String(test), 'send', String(index)]
      const isEvent = tag !== undefined && fields !== undefined && wait === undefined
      const isWait = wait !== undefined && tag === undefined && fields === undefined
      if (!isEvent && !isWait)
        return [{ path, message: 'expected "tag" and "record", or "wait" alone' }]
      if (time === undefined || !Number.isNaN(Date.parse(time))) return []
      return [{ path, message: `cannot use "${time}" as a time; expected one of RFC 3339` }]
    }),
  )
}
