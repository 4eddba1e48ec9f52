/** The short form of `npm run chaos`: ten kills where it kills, and a round of all else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../support/child.ts'
import { requireRoot, requireTool } from '../support/tool.ts'

const CHAOS = fileURLToPath(new URL('../../chaos/run.ts', import.meta.url))
const LIMIT_MS = 280_000

test('what is acknowledged arrives, whatever happens to the collector', async (t) => {
  if (!['mount', 'umount', 'prlimit'].every((tool) => requireTool(t, tool)) || !requireRoot(t))
    return
  const args = [CHAOS, '--short', '--parallel', '2']
  const { code, stdout, stderr } = await run(process.execPath, args, { limitMs: LIMIT_MS })
  assert.equal(code, 0, `${String(stdout)}\n${stderr}`)
  t.diagnostic(String(stdout))
})
