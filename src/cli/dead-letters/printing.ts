/** Dead letters for people to read. */
import type { Letter, LetterHead } from '../../pipeline/dead-letters/letter-line.ts'

const REASON_LENGTH_MAX = 120

/** A line of `list`: nothing of a peer's may begin another one or move the cursor. */
export function listLine({ id, output, tag, cause, reason }: LetterHead): string {
  const text = reason.length > REASON_LENGTH_MAX ? `${reason.slice(0, REASON_LENGTH_MAX)}…` : reason
  return `${[id, output, tag, cause, text].map(printable).join('  ')}\n`
}

/** What `show` prints. */
export function letterText({ head, recordText }: Letter): string {
  const rows: readonly (readonly [string, string | number])[] = [
    ['id', head.id],
    ['dead since', head.at],
    ['output', head.output],
    ['tag', head.tag],
    ['time', head.time],
    ['cause', head.cause],
    ['reason', head.reason],
    ['first reason', head.first_reason],
    ['attempts', head.attempts],
    ['first try', head.first_tried_at],
    ['last try', head.last_tried_at],
    ['replays', head.replays],
    ['record', recordText],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${printable(`${value}`)}\n`).join('')
}

/** Control characters as JSON writes them. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16).padStart(4, '0')
    return `\\u${code}`
  })
}
