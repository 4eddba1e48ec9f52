/** bench/floor.ts as a subject: what the ratio is taken to. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Subject } from './subject.ts'

const POLL_MS = 10

export const floor: Subject = {
  name: 'floor',
  canDo: ({ withFloor }) => withFloor,
  launch: async ({ traffic, isUdp }, { output, port }, prepared) => {
    const file = join(output, 'floor.bytes')
    const program = join(import.meta.dirname, '..', 'floor.ts')
    const mode = isUdp ? ['udp'] : traffic.mode === 'message-ack' ? ['ack'] : []
    return {
      command: process.execPath,
      args: [program, String(port), file, ...mode],
      pollMs: POLL_MS,
      progress: async () => {
        const { size, mtimeMs } = statSync(file)
        return { mark: size, changedMs: mtimeMs }
      },
      isDone: async () => statSync(file).size === prepared.bytes,
    }
  },
  expectation: () => undefined,
}
