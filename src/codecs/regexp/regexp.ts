/**
 * Regular expressions of users, which cannot hang the collector: the time a search takes grows with
 * the length of the text, never faster. V8 has two engines. The usual one is compiled and fast, and
 * goes back and tries again; when it has done so too often it hands over to the other one, which
 * reads each character once (docs/decisions/regexp.md). Long texts go to the latter at once,
 * since not all that the first one tries again is counted.
 */
import { setFlagsFromString } from 'node:v8'
import { parseRegexp } from './parser.ts'
import { RegexpError } from './regexp-error.ts'
import { writeRegexp } from './write.ts'

export { RegexpError } from './regexp-error.ts'

/** UTF-16 units up to which the engine that may try again is used. */
const SHORT_TEXT_MAX = 2048
/** How often it may try again per search. */
const BACKTRACKS_MAX = 2000
const FLAGS = 'ims'

let isEngineSet = false

/** A compiled pattern. Texts are strings; a character beyond U+FFFF counts as two (for `.`). */
export class Regexp {
  readonly source: string
  /** By number of the group, from 1 on; null for those without a name. The first item is null. */
  readonly groupNames: readonly (string | null)[]
  readonly #short: RegExp
  readonly #long: RegExp
  #allShort: RegExp | null = null
  #allLong: RegExp | null = null

  constructor(source: string, short: RegExp, long: RegExp) {
    this.source = source
    this.#short = short
    this.#long = long
    this.groupNames = groupNamesOf(short)
  }

  test(text: string): boolean {
    return this.#for(text).test(text)
  }

  /** The first match: its text, its groups by number and name, and where it begins. */
  exec(text: string): RegExpExecArray | null {
    return this.#for(text).exec(text)
  }

  /**
   * Each match from left to right, as long as `each` returns true. The matches of a text with many
   * may take time by the square of its length, so callers set a bound.
   */
  forEachMatch(text: string, each: (match: RegExpExecArray) => boolean): void {
    const global = this.#globalFor(text)
    global.lastIndex = 0
    for (let match = global.exec(text); match; match = global.exec(text)) {
      if (!each(match)) return
      if (match[0] === '') global.lastIndex++
    }
  }

  /** Made when first asked for; a caller searches one text at a time. */
  #globalFor(text: string): RegExp {
    if (text.length <= SHORT_TEXT_MAX) return (this.#allShort ??= withGlobal(this.#short))
    return (this.#allLong ??= withGlobal(this.#long))
  }

  #for(text: string): RegExp {
    return text.length <= SHORT_TEXT_MAX ? this.#short : this.#long
  }
}

/**
 * `flags` are any of `i` (letters of both cases), `m` (`^` and `$` at each line) and `s` (`.` is
 * also a line end); the pattern may begin with them too, `(?i)`. Throws a RegexpError with the
 * place for what is wrong, and for what cannot be had in linear time: looking around and
 * back-references.
 */
export function compileRegexp(source: string, flags = ''): Regexp {
  const unknown = [...flags].find((flag) => !FLAGS.includes(flag))
  if (unknown !== undefined) throw new RegexpError(`unknown flag ${unknown}; expected i, m or s`, 0)
  const { tree, multiline } = parseRegexp(source, {
    ignoreCase: flags.includes('i'),
    dotAll: flags.includes('s'),
    multiline: flags.includes('m'),
  })
  const written = writeRegexp(tree)
  const writtenFlags = multiline ? 'm' : ''
  setEngine()
  try {
    const long = new RegExp(written, `l${writtenFlags}`)
    return new Regexp(source, new RegExp(written, writtenFlags), long)
  } catch (cause) {
    throw new RegexpError(`it is too complex for a search in linear time: ${String(cause)}`, 0)
  }
}

/** The place in a source as people count it, for messages. */
export function describeRegexpError(source: string, error: RegexpError): string {
  return `cannot use the pattern ${source}: ${error.message}, at column ${error.position + 1}`
}

/** They concern patterns compiled from now on, so they may be set while the process runs. */
function setEngine(): void {
  if (isEngineSet) return
  isEngineSet = true
  setFlagsFromString('--enable-experimental-regexp-engine')
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  setFlagsFromString(`--regexp-backtracks-before-fallback=${BACKTRACKS_MAX}`)
}

function withGlobal(regexp: RegExp): RegExp {
  return new RegExp(regexp, `g${regexp.flags}`)
}

/** In what write.ts writes, every parenthesis that is not one of a group is an escape. */
function groupNamesOf(regexp: RegExp): (string | null)[] {
  const groups = [...regexp.source.matchAll(/\((?!\?:)(?:\?<(\w+)>)?/g)]
  return [null, ...groups.map(([, name]) => name ?? null)]
}
