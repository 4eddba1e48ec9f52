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
process.exit(await main(process.argv.slice(2)))
