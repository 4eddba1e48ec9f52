/** Where the members of an object are in a JSON text that this program has made itself. */
export interface Member {
  readonly name: string
  /** Of its name's quote. */
  readonly start: number
  readonly valueStart: number
  /** Behind the value. */
  readonly end: number
}

/** Of the object at `at`, in the order they are written; null if none begins there. */
export function membersOf(json: string, at: number): Member[] | null {
  if (json[at] !== '{') return null
  const members: Member[] = []
  let position = at + 1
  while (json[position] === '"') {
    const nameEnd = stringEnd(json, position)
    const valueStart = nameEnd + 1
    const end = valueEnd(json, valueStart)
    if (json[nameEnd] !== ':' || end <= valueStart) return null
    const name = JSON.parse(json.slice(position, nameEnd)) as string
    members.push({ name, start: position, valueStart, end })
    position = json[end] === ',' ? end + 1 : end
  }
  return json[position] === '}' ? members : null
}

function stringEnd(json: string, start: number): number {
  let position = start + 1
  while (position < json.length && json[position] !== '"')
    position += json[position] === '\\' ? 2 : 1
  return position + 1
}

function valueEnd(json: string, start: number): number {
  let depth = 0
  let position = start
  while (position < json.length) {
    const character = json[position]!
    if (character === '"') {
      position = stringEnd(json, position)
      if (depth === 0) return position
      continue
    }
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth === 0) return position
      depth--
      if (depth === 0) return position + 1
    } else if (character === ',' && depth === 0) return position
    position++
  }
  return position
}
