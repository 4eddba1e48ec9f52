/**
 * All that is tested against real Elasticsearch and OpenSearch nodes: the files of servers/, in one
 * process, so that they share the JVMs. Each also runs alone: `node --test test/real/servers/X.ts`.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'servers')

for (const name of readdirSync(FOLDER).sort()) await import(join(FOLDER, name))
