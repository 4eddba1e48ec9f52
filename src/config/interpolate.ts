/**
 * `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` inside a configuration's values.
 * `$${env:` and `$${file:` stand for themselves. Every other `${…}`, such as `${tag}`, belongs to
 * the component and stays as it is.
 */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { causeOf } from './cause.ts'

const PLACEHOLDER = /\$?\$\{(env|file):([^}]*)\}?/g
const SECRET_FILE_MAX_BYTES = 1024 * 1024

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative `${file:…}` paths start here. */
  readonly folder: string
  /** Texts that stand in for files, by path as it is written; for tests. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

export function hasPlaceholder(text: string): boolean {
  return text.includes('${env:') || text.includes('${file:')
}

/**
 * The text with its placeholders filled in; what is put in is not looked at again. Throws with a
 * sentence about the placeholder that cannot be filled.
 */
export function interpolate(text: string, surroundings: Surroundings): string {
  return text.replaceAll(PLACEHOLDER, (whole: string, kind: string, body: string) => {
    if (whole.startsWith('$${')) return whole.slice(1)
    if (!whole.endsWith('}')) throw new Error(`cannot read ${whole}: the closing } is missing`)
    return kind === 'env' ? fromEnvironment(body, surroundings) : fromFile(body, surroundings)
  })
}

function fromEnvironment(body: string, { env }: Surroundings): string {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(body)
  const name = match?.[1]
  if (name === undefined)
    throw new Error(`cannot read \${env:${body}}; expected \${env:NAME} or \${env:NAME:-default}`)
  const value = env[name]
  const fallback = match?.[2]
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
  if (value === undefined)
    throw new Error(
      `cannot fill in \${env:${name}}: the environment variable ${name} is not set; ` +
        `expected it to be set, or a default: \${env:${name}:-default}`,
    )
  return value
}

/** A file that ends in a newline, as most do, stands for its text without it. */
function fromFile(path: string, { folder, files }: Surroundings): string {
  if (path === '') throw new Error('cannot read ${file:}; expected ${file:/run/secrets/name}')
  if (files && Object.hasOwn(files, path)) return files[path]!
  try {
    const absolute = resolve(folder, path)
    if (statSync(absolute).size > SECRET_FILE_MAX_BYTES) throw new Error('it is larger than 1 MiB')
    return readFileSync(absolute, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new Error(`cannot fill in \${file:${path}}: ${causeOf(error)}`, { cause: error })
  }
}
