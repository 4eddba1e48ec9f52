/**
 * `npm run build`: what is published, in dist/. One bundle that splits where the source imports
 * lazily, so that what is loaded late stays late; workers as files beside it; the types of the
 * contract. Packages that load as hundreds of small files are bundled, the others are left to npm
 * (docs/decisions/dependencies.md has the measurements). `-- --out FOLDER` builds elsewhere.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build, type Plugin } from 'esbuild'

const root = join(import.meta.dirname, '..')

const EXTERNAL = [
  ...['@elastic/elasticsearch', '@fluent-org/logger', '@opensearch-project/opensearch'],
  ...['fastify', 'msgpackr', 'pino', 'pino-pretty', 'prom-client'],
]

const KERNEL = 'src/codecs/kernel/kernel.wasm'

/** A file that the source names by its place: a worker, or a file of the package. */
const FILE_URL = /new URL\(\s*'(\.{1,2}\/[^']+)',\s*import\.meta\.url,?\s*\)/g

/** Bundled CommonJS packages call `require` for Node's own modules, which ESM does not have. */
const REQUIRE =
  "import { createRequire as requireOf } from 'node:module';" +
  'const require = requireOf(import.meta.url);'

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } })
  const out = resolve(root, values.out)
  rmSync(out, { recursive: true, force: true })
  const entries = ['src/main.ts', 'src/index.ts', ...workers()]
  await bundle(entries, out)
  copyFileSync(join(root, KERNEL), join(out, basename(KERNEL)))
  chmodSync(join(out, 'main.js'), 0o755)
  emitTypes(out)
  console.log(`built ${entries.join(', ')} into ${relative(process.cwd(), out) || '.'}`)
}

/** Every TypeScript file that another names with `new URL('./x.ts', import.meta.url)`. */
function workers(): string[] {
  const found = globSync('src/**/*.ts', { cwd: root }).flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(FILE_URL)]
      .map((match) => join(dirname(path), match[1]!))
      .filter((target) => target.endsWith('.ts')),
  )
  return [...new Set(found)].sort()
}

async function bundle(entryPoints: string[], outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    // All files lie in one folder, so that a place relative to one holds for each (see below).
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: EXTERNAL,
    banner: { js: REQUIRE },
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [builtPlaces(outdir)],
  })
}

/** Makes every `new URL('…', import.meta.url)` point at where its file is once built. */
function builtPlaces(outdir: string): Plugin {
  return {
    name: 'built-places',
    setup(builder) {
      builder.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        const place = (_all: string, target: string) =>
          `new URL('${builtPlace(resolve(dirname(path), target), outdir)}', import.meta.url)`
        return { contents: readFileSync(path, 'utf8').replace(FILE_URL, place), loader: 'ts' }
      })
    },
  }
}

function builtPlace(file: string, outdir: string): string {
  if (file.endsWith('.ts')) return `./${basename(file, '.ts')}.js`
  if (file.endsWith('.wasm')) return `./${basename(file)}`
  return relative(outdir, file).replaceAll('\\', '/')
}

/** Only what index.ts reaches: the contract, not the program. */
function emitTypes(out: string): void {
  const options = ['--outDir', join(out, 'types'), '-p', 'tsconfig.build.json']
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, ...options], { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error(`cannot emit types: tsc ended with ${status}; expected 0`)
}

await main()
