/** A folder of log files, and the `tail` input that follows them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { tail } from '../../../src/inputs/tail/index.ts'
import { type InputRun, runInput, type RunInputOptions } from '../../drivers/run-input.ts'
import { until } from '../../support/wait.ts'

export interface LogFolder {
  readonly path: string
  /** Of a file in it. */
  at(name: string): string
  append(name: string, text: string | Uint8Array): Promise<void>
  /** Follows `pattern` in it; what was noted is there again the next time. */
  tail(pattern: string, options?: string, run?: RunInputOptions): Promise<InputRun>
}

export function logFolder(t: TestContext): LogFolder {
  const path = mkdtempSync(join(tmpdir(), 'logboom-tail-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  const at = (name: string) => join(path, 'logs', name)
  return {
    path,
    at,
    async append(name, text) {
      await mkdir(dirname(at(name)), { recursive: true })
      await appendFile(at(name), text)
    },
    async tail(pattern, options = '', run = {}) {
      const wait = options.includes('rotate_wait:') ? '' : 'rotate_wait: 300ms\n'
      const yaml = `path: "${at(pattern)}"\n${wait}poll_interval: 20ms\n${options}`
      const started = await runInput(tail, yaml, { dataDir: join(path, 'data'), ...run })
      t.after(() => started.stop())
      return started
    },
  }
}

export function logs(run: InputRun): unknown[] {
  return run.records.map((record) => record['log'])
}

/** Until exactly these lines have come, in any number of batches. */
export async function untilLogs(run: InputRun, expected: readonly string[]): Promise<void> {
  await until(`${expected.length} lines come, here ${logs(run).length}`, () => {
    return logs(run).length >= expected.length
  })
}
