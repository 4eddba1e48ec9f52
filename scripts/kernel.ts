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
const COMPILE_OPTIONS = [
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '-O3',
  '--noAssert',
  '--importMemory',
]
/** A function for each job, and none of them called: that is 15 % of the time of JSON lines. */
const OPTIMIZE_OPTIONS = [
  '-O4',
  '--enable-simd',
  '--enable-bulk-memory',
  '--enable-sign-ext',
  '--enable-nontrapping-float-to-int',
  '--enable-mutable-globals',
  '--always-inline-max-function-size=100',
  '--flexible-inline-max-function-size=200',
  '--one-caller-inline-max-function-size=1000',
]

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
    const source = join(folder, 'assembly/index.ts')
    run('assemblyscript/bin/asc.js', [source, '--outFile', file, ...COMPILE_OPTIONS])
    run('binaryen/bin/wasm-opt', [file, '-o', file, ...OPTIMIZE_OPTIONS])
    return readFileSync(file)
  } finally {
    rmSync(out, { recursive: true })
  }
}

/** Runs a program of a package, given by its place below node_modules. */
function run(program: string, args: readonly string[]): void {
  const path = join(root, 'node_modules', program)
  const stdio = ['ignore', 'ignore', 'inherit'] as const
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: [...stdio] })
  if (status !== 0) throw new Error(`cannot build the kernel: ${program} ended with ${status}`)
}
