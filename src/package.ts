/** Files that come with the program; scripts/build.ts makes the places right for dist/ too. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** The configuration of a run without one. */
export function defaultConfigPath(): string {
  return fileURLToPath(new URL('../config/default.yaml', import.meta.url))
}

/** That of `logboom run --stdin`. */
export function stdinConfigPath(): string {
  return fileURLToPath(new URL('../config/stdin.yaml', import.meta.url))
}
