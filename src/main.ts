#!/usr/bin/env node
/** Entry of the process: hands the command line to src/cli/main.ts and ends with its exit code. */
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'
import { signals } from './cli/signals.ts'

const NODE_MIN = 24
if (Number.parseInt(process.versions.node, 10) < NODE_MIN) {
  process.stderr.write(`logboom needs Node ${NODE_MIN} or newer; this is ${process.version}\n`)
  process.exit(1)
}

// Before anything else is loaded, which takes 100 ms and more: a SIGHUP ends a process that does
// not expect it.
if (process.argv[2] === 'run') signals.watch()

// Compiled code is kept between runs: without it a start from the sources takes nearly twice as
// long. In our own folder, since whoever can write to the cache can run code as us; where that
// folder is read-only there is no cache. Only for `run`: the others leave no trace.
if (process.argv[2] === 'run')
  nodeModule.enableCompileCache(
    fileURLToPath(new URL('../node_modules/.cache/logboom', import.meta.url)),
  )

const { main } = await import('./cli/main.ts')
const code = await main(process.argv.slice(2))
// `run` has its own end, which no slow reader may put off.
if (process.argv[2] !== 'run') await Promise.all([process.stdout, process.stderr].map(flushed))
process.exit(code)

/** A pipe takes what its reader has room for: the rest of what was printed waits here. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}
