/**
 * A tag pattern between slashes. Fluentd writes it as `\A` + pattern + `\z`, without a group, and
 * so do we: `/a|b/` fits what starts with `a` or ends with `b`. The few spellings that Ruby has and
 * JavaScript lacks are rewritten; others are refused rather than read as something else.
 */
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
    const regexp = new RegExp(`^${source}$`, 'u')
    return (tag) => regexp.test(tag)
  } catch (error) {
    throw new TagPatternError(`${(error as Error).message}, beginning`, start)
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
