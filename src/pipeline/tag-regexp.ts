/**
 * A tag pattern between slashes. Fluentd writes it as `\A` + pattern + `\z`, without a group, and
 * so do we: `/a|b/` fits what starts with `a` or ends with `b`. The few spellings that Ruby has and
 * JavaScript lacks are rewritten; others are refused rather than read as something else.
 */
import { compileRegexp, type Regexp, RegexpError } from '../codecs/regexp/regexp.ts'
import { TagPatternError } from './tag-pattern-error.ts'

const RUBY_ESCAPES: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: '(?![\\s\\S])',
  Z: '(?=\\n?(?![\\s\\S]))',
}

/** What is left as it is behind a backslash; JavaScript refuses the letters it does not know. */
const KEPT_ESCAPE = /[\^$\\.*+?()[\]{}|/0-9A-Za-z]/

/** `pattern` with its slashes; `start` is where it begins, for error positions. */
export function compileTagRegexp(pattern: string, start: number): (tag: string) => boolean {
  const source = toJavaScript(pattern.slice(1, -1))
  try {
    const regexp = linear(pattern.slice(1, -1)) ?? new RegExp(`^${source}$`, 'u')
    return (tag) => regexp.test(tag)
  } catch (error) {
    throw new TagPatternError(`${(error as Error).message}, beginning`, start)
  }
}

/**
 * One that no tag can hang. Null for what cannot be had so: looking ahead and back-references,
 * which tag patterns made for Fluentd have, and `\Z`, which may stand before a last line end.
 */
function linear(source: string): Regexp | null {
  if (source.includes('\\Z')) return null
  try {
    return compileRegexp(`^${source}$`)
  } catch (error) {
    if (error instanceof RegexpError) return null
    throw error
  }
}

function toJavaScript(source: string): string {
  return source.replace(/\\(.)/gsu, (escape, character: string) => {
    const ruby = RUBY_ESCAPES[character]
    if (ruby !== undefined) return ruby
    if (KEPT_ESCAPE.test(character)) return escape
    return `\\u{${character.codePointAt(0)!.toString(16)}}`
  })
}
