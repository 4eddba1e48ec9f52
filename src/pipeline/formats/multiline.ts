/** The options that say which lines make one event, for `tail` and the `multiline` filter. */
import { StartRule, type MultilineRule } from '../../codecs/multiline/multiline.ts'
import { TraceRule } from '../../codecs/multiline/trace-rule.ts'
import { LANGUAGES, type Language } from '../../codecs/multiline/traces.ts'
import { compileRegexp, describeRegexpError, RegexpError } from '../../codecs/regexp/regexp.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../component.ts'

/** Properties of a `Type.Object`. */
export const multilineProperties = {
  start: Type.Optional(
    Type.String({
      description:
        'Regular expression: an event begins with each line in which it is found. Absent, stack ' +
        'traces are put together and every other line is an event of its own.',
      minLength: 1,
      examples: ['^\\d{4}-\\d{2}-\\d{2}'],
    }),
  ),
  traces: Type.Optional(
    Type.Array(Type.String({ enum: [...LANGUAGES] }), {
      description:
        'Whose stack traces are put together: `java`, `python`, `go`, `node`, `ruby`, `dotnet`, ' +
        '`php`. Absent, those of all, unless there is `start`.',
      minItems: 1,
    }),
  ),
}

export interface MultilineConfig {
  readonly start?: string | undefined
  readonly traces?: readonly string[] | undefined
}

/** A configuration without faults. */
export function createMultiline({ start, traces }: MultilineConfig): MultilineRule {
  if (start !== undefined) return new StartRule(compileRegexp(start))
  return new TraceRule((traces as readonly Language[] | undefined) ?? LANGUAGES)
}

/** `path` is where the options stand in the component. */
export function multilineFaults(config: MultilineConfig, path: readonly string[] = []): Fault[] {
  const { start, traces } = config
  if (start === undefined) return []
  if (traces !== undefined) {
    const message = 'cannot use "traces" beside "start"; expected one of them'
    return [{ path: [...path, 'traces'], message }]
  }
  try {
    compileRegexp(start)
    return []
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error
    return [{ path: [...path, 'start'], message: describeRegexpError(start, error) }]
  }
}
