/**
 * `npm run kernel`: compiles src/codecs/kernel/assembly/ into kernel.wasm beside it. With
 * `-- --check` nothing is written: the bytes must be those that are there.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'src/codecs/kernel')
const TARGET = join(folder, 'kernel.wasm')

/** No garbage collector and no allocator: what the functions work on, the host lays out. */
const OPTIONS = ['--runtime', 'stub', '--enable', 'simd', '-O3', '--noAssert', '--importMemory']

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const built = build()
if (!values.check) {
  writeFileSync(TARGET, built)
  console.log(`kernel: ${built.length} bytes`)
} else if (Buffer.compare(built, readFileSync(TARGET)) === 0) {
  console.log('kernel: up to date')
} else {
  console.error('kernel.wasm is not what its sources compile to; run npm run kernel')
  process.exitCode = 1
}

function build(): Buffer {
  const out = mkdtempSync(join(tmpdir(), 'logboom-kernel-'))
  try {
    const file = join(out, 'kernel.wasm')
    const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
    const source = join(folder, 'assembly/index.ts')
    const args = [asc, source, '--outFile', file, ...OPTIONS]
    const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`cannot compile the kernel: asc ended with ${status}`)
    return readFileSync(file)
  } finally {
    rmSync(out, { recursive: true })
  }
}
