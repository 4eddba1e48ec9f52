/** What programs call the severity of an event, and the six words it becomes. */

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

const WORDS: Readonly<Record<Level, string>> = {
  trace: 'trace trc verbose finest finer silly',
  debug: 'debug dbg debu fine',
  info: 'info inf information informational notice note',
  warn: 'warn warning wrn',
  error: 'error err erro eror severe',
  fatal: 'fatal ftl critical crit alert emerg emergency panic dpanic',
}

const byWord = new Map(
  Object.entries(WORDS).flatMap(([level, words]) =>
    words.split(' ').map((word) => [word, level as Level] as const),
  ),
)

/** RFC 5424, 6.2.1: from emergency to debug. */
const SYSLOG: readonly Level[] = 'fatal fatal fatal error warn info info debug'.split(
  ' ',
) as Level[]
const PINO: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

const WORD_LENGTH_MAX = 16

export function levelOfWord(word: string): Level | undefined {
  return word.length > WORD_LENGTH_MAX ? undefined : byWord.get(word.toLowerCase())
}

/** A syslog severity, or a level of pino and bunyan. */
export function levelOfNumber(number: number): Level | undefined {
  if (!Number.isInteger(number)) return undefined
  if (number >= 10 && number <= 60) return PINO[Math.floor(number / 10) - 1]
  return SYSLOG[number]
}

const all = Object.values(WORDS).join(' ').split(' ').join('|')
const KEY = '(?:log[._]?)?(?:level|lvl|severity|levelname)'

const PRIORITY = /^<(\d{1,3})>/
const KLOG = /^([IWEF])\d{4} \d\d:\d\d:\d\d/
const JSON_KEY = new RegExp(`"${KEY}"\\s*:\\s*(?:"(\\w{1,16})"|(\\d{1,2})(?!\\d))`, 'i')
const LOGFMT = new RegExp(`(?:^|[\\s,])${KEY}=["']?(\\w{1,16})`, 'i')
/** In capitals anywhere at the beginning, as loggers write it behind the time and a name. */
const CAPITALS = new RegExp(`(?:^|[\\s\\[(|<:])(${all.toUpperCase()})(?=[\\]\\s)|>:,;]|$)`)
/** In any case in brackets, or first and with a colon. */
const MARKED = new RegExp(`[\\[(|<]\\s?(${all})\\s?[\\])|>]|^\\s*(${all}):`, 'i')

const KLOG_LEVELS: Readonly<Record<string, Level>> = {
  I: 'info',
  W: 'warn',
  E: 'error',
  F: 'fatal',
}

/** What the beginning of a line says. `text` is short, so the patterns here need no bound. */
export function levelInText(text: string): Level | undefined {
  const priority = PRIORITY.exec(text)
  if (priority) return SYSLOG[Number(priority[1]) % 8]
  const klog = KLOG.exec(text)
  if (klog) return KLOG_LEVELS[klog[1]!]
  const first = text.trimStart()[0]
  const json = first === '{' ? JSON_KEY.exec(text) : null
  if (json) return json[1] === undefined ? levelOfNumber(Number(json[2])) : levelOfWord(json[1])
  const logfmt = LOGFMT.exec(text)
  const known = logfmt && levelOfWord(logfmt[1]!)
  if (known) return known
  const word = CAPITALS.exec(text) ?? MARKED.exec(text)
  return word ? levelOfWord(word[1] ?? word[2]!) : undefined
}
