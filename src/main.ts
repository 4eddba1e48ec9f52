#!/usr/bin/env node
/** Entry of the process: hands the command line to src/cli/main.ts and ends with its exit code. */
import { main } from './cli/main.ts'

process.exit(await main(process.argv.slice(2)))
