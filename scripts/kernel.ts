/**
 * `npm run kernel`: compiles src/codecs/kernel/assembly/ into kernel.wasm beside it. With
 * `-- --check` nothing is written: the bytes must be those that are there.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { main as compile } from 'assemblyscript/asc'

const folder = join(import.meta.dirname, '../src/codecs/kernel')
const TARGET = join(folder, 'kernel.wasm')

/** No garbage collector and no allocator: what the functions work on, the host lays out. */
const OPTIONS = ['--runtime', 'stub', '--enable', 'simd', '-O3', '--noAssert', '--importMemory']

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const built = await build()
if (!values.check) {
  writeFileSync(TARGET, built)
  console.log(`kernel: ${built.length} bytes`)
} else if (Buffer.compare(built, readFileSync(TARGET)) === 0) {
  console.log('kernel: up to date')
} else {
  console.error('kernel.wasm is not what its sources compile to; run npm run kernel')
  process.exitCode = 1
}

async function build(): Promise<Buffer> {
  const out = mkdtempSync(join(tmpdir(), 'logboom-kernel-'))
  try {
    const file = join(out, 'kernel.wasm')
    const source = join(folder, 'assembly/index.ts')
    const { error, stderr } = await compile([source, '--outFile', file, ...OPTIONS])
    if (error) throw new Error(`cannot compile the kernel: ${stderr.toString()}`, { cause: error })
    return readFileSync(file)
  } finally {
    rmSync(out, { recursive: true })
  }
}
