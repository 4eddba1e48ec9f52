/** What systemd is told, in which order, and what not. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ServiceManager } from '../../src/cli/service-manager.ts'
import { KeptLog, ManualTime } from '../drivers/context.ts'

/** A `systemd-notify` that writes down what it was to say. */
function manager(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-notify-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const program = join(folder, 'systemd-notify')
  writeFileSync(program, `#!/bin/sh\necho "$1" >> "${join(folder, 'said')}"\n`)
  chmodSync(program, 0o755)
  const env = { NOTIFY_SOCKET: 'x', PATH: `${folder}${delimiter}${process.env['PATH']}` }
  const logger = new KeptLog()
  const options = { env, pid: process.pid, timers: new ManualTime(), logger }
  const said = () => readFileSync(join(folder, 'said'), 'utf8').trim().split('\n')
  return { manager: new ServiceManager(options), said, logger }
}

test('a reload that ends during the stop does not make it ready again', async (t) => {
  const { manager: systemd, said, logger } = manager(t)
  systemd.ready('listening')
  systemd.reloading()
  const told = systemd.stopping()
  systemd.ready('reloaded')
  systemd.reloading()
  await told
  await systemd.stopping()
  assert.deepEqual(said(), ['READY=1', 'RELOADING=1', 'STOPPING=1'])
  assert.deepEqual(logger.lines, [])
})
