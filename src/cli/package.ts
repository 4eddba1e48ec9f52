/** Files that come with the program, wherever it runs from: the sources or a package's dist/. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder that holds package.json, at or above this file. */
export function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error(`BUG: no package.json above ${import.meta.dirname}`)
    folder = parent
  }
  return folder
}

export function version(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** The configuration of a run without one. */
export function defaultConfigPath(): string {
  return join(packageRoot(), 'config', 'default.yaml')
}
