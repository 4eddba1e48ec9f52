/**
 * Another form of a document that the server refused for what is in it: with the field in question
 * moved, as text, or all of it as one text. Works on its JSON, so that numbers keep their digits.
 *
 *     {"@timestamp":"…","tag":"t","status":"none"}          `status` is a number in the index
 *     {"@timestamp":"…","tag":"t","conflict.status":"none"}
 *     {"@timestamp":"…","tag":"t","event.original":"{\"@timestamp\":…}"}
 */
import type { ItemFailure } from '../../../codecs/bulk/answer.ts'
import { type Member, membersOf } from './json-members.ts'

/** Beside what the output itself writes. */
export interface OwnFields {
  readonly time: string
  readonly tag: string | null
}

const CONFLICT = 'conflict.'
const ORIGINAL = 'event.original'

/** How servers name the field they cannot take. */
const FIELD_PATTERNS = [
  /failed to parse field \[([^\]]+)\]/,
  /object mapping for \[([^\]]+)\]/,
  /Could not dynamically add mapping for field \[([^\]]+)\]/,
  /immense term in field="([^"]+)"/,
  /object mapping \[([^\]]+)\]/,
  /mapper \[([^\]]+)\]/,
]
const STRICT = /dynamic introduction of \[([^\]]+)\] within \[([^\]]+)\]/

/** The field a server complains of, with dots between its levels; null if it names none. */
export function fieldOfFailure({ reason }: ItemFailure): string | null {
  const strict = STRICT.exec(reason)
  if (strict) return strict[2] === '_doc' ? strict[1]! : `${strict[2]}.${strict[1]}`
  for (const pattern of FIELD_PATTERNS) {
    const found = pattern.exec(reason)
    if (found) return found[1]!
  }
  return null
}

/** Null if the field cannot be found, or is one that must stay. */
export function withFieldMoved(json: string, field: string, own: OwnFields): string | null {
  if (field === own.time || field === own.tag || field.startsWith(CONFLICT)) return null
  const root = membersOf(json, 0)
  if (!root) return null
  // What was moved before is not moved again: where that is refused too, the whole is a text.
  const found = find(json, root, field.split('.'), '').filter(
    ({ path }) => !path.startsWith(CONFLICT),
  )
  if (found.length === 0) return null
  const names = new Set(root.map(({ name }) => name))
  let rest = json
  let moved = ''
  // From the last on, so that the places of the others stay.
  for (const { member, siblings, path } of found.toReversed()) {
    rest = cutOut(rest, member, siblings)
    const name = unusedName(names, CONFLICT + path.replaceAll('.', '_'))
    names.add(name)
    moved = `,${JSON.stringify(name)}:${asText(json, member)}${moved}`
  }
  const end = rest.lastIndexOf('}')
  const isEmpty = membersOf(rest, 0)?.length === 0
  return rest.slice(0, end) + (isEmpty ? moved.slice(1) : moved) + rest.slice(end)
}

/** The whole document as text, with its time and tag. */
export function asOriginal(json: string, own: OwnFields): string | null {
  const root = membersOf(json, 0)
  if (!root) return null
  const kept = root.filter(({ name }) => name === own.time || name === own.tag)
  const fields = kept.map(({ start, end }) => json.slice(start, end))
  fields.push(`${JSON.stringify(ORIGINAL)}:${JSON.stringify(json.trimEnd())}`)
  return `{${fields.join(',')}}`
}

/** What `asOriginal` gives, with the tag in the text only; null if that field is not the tag. */
export function withoutTag(json: string, field: string | null, { tag }: OwnFields): string | null {
  const root = field !== null && field === tag ? membersOf(json, 0) : null
  const member = root?.find(({ name }) => name === tag)
  return root && member ? cutOut(json, member, root) : null
}

interface Found {
  readonly member: Member
  readonly siblings: readonly Member[]
  readonly path: string
}

/**
 * The members that are, hold, or stand in the way of a field: names may have dots in them, and what
 * is no object where the path goes on is what is wrong. In the order they are written.
 */
function find(
  json: string,
  members: readonly Member[],
  path: readonly string[],
  prefix: string,
): Found[] {
  return members.flatMap((member): Found[] => {
    const parts = member.name.split('.')
    const common = Math.min(parts.length, path.length)
    if (parts.slice(0, common).join('.') !== path.slice(0, common).join('.')) return []
    const here = { member, siblings: members, path: prefix + member.name }
    if (parts.length >= path.length) return [here]
    const inner = membersOf(json, member.valueStart)
    if (!inner) return [here]
    return find(json, inner, path.slice(parts.length), `${here.path}.`)
  })
}

/** Without the member and one comma beside it. What was cut out before stands behind it. */
function cutOut(json: string, member: Member, siblings: readonly Member[]): string {
  const index = siblings.indexOf(member)
  const comma = json[member.end] === ','
  if (comma) return json.slice(0, member.start) + json.slice(member.end + 1)
  const start = index > 0 ? siblings[index - 1]!.end : member.start
  return json.slice(0, start) + json.slice(member.end)
}

function unusedName(names: ReadonlySet<string>, wanted: string): string {
  let name = wanted
  for (let number = 2; names.has(name); number++) name = `${wanted}_${number}`
  return name
}

/** As JSON: a text stays as it is written, anything else becomes the text of its JSON. */
function asText(json: string, { valueStart, end }: Member): string {
  const value = json.slice(valueStart, end)
  return value.startsWith('"') ? value : JSON.stringify(value)
}
