/** The parent's side of bench/bulk-sink.ts, which is no part of what is measured. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Output } from '../scenarios.ts'
import type { Fields } from '../verify/lines.ts'

export const BULK_OUTPUTS: readonly Output[] = ['bulk', 'gzip-bulk', 'disk-bulk']

export interface BulkSink extends AsyncDisposable {
  readonly port: number
}

/** Writes the documents it gets into a file of `folder`. */
export async function startBulkSink(folder: string): Promise<BulkSink> {
  const program = join(import.meta.dirname, '..', 'bulk-sink.ts')
  const child = fork(program, [join(folder, 'documents.log')], { execArgv: [] })
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** A document as a line of a file has it. */
export function documentLine({ '@timestamp': time, ...rest }: Fields): Fields {
  return { time, ...rest }
}
