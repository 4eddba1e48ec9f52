/** Tests that need a tool say so: absent, they are skipped with the reason; in CI they fail. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'

export function findTool(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** The tool's path, or undefined after skipping the test; throws in CI. */
export function requireTool(t: TestContext, name: string): string | undefined {
  const path = findTool(name)
  if (path !== undefined) return path
  skipOrFail(t, `needs ${name}, which is not on PATH`)
  return undefined
}

/** True for root; else false after skipping the test; throws in CI. */
export function requireRoot(t: TestContext): boolean {
  const isRoot = process.getuid?.() === 0
  if (!isRoot) skipOrFail(t, 'needs to run as root')
  return isRoot
}

/** Skips the test with the reason; throws in CI. */
export function skipOrFail(t: TestContext, reason: string): void {
  if (process.env['CI'] === 'true') throw new Error(`${reason}; in CI nothing is skipped`)
  t.skip(reason)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch (_notThere) {
    return false
  }
}
