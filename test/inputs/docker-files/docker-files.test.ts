/** All containers of a daemon, found as they come, without a gap over restarts. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { dockerFiles } from '../../../src/inputs/docker-files/index.ts'
import { runInput } from '../../drivers/run-input.ts'

const line = (log: string) =>
  `${JSON.stringify({ log: `${log}\n`, stream: 'stdout', time: '2026-11-21T08:50:00.5Z' })}\n`

test('containers are followed as they come', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'logboom-docker-[files]-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const write = async (id: string, log: string) => {
    const folder = join(root, 'containers', id)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'config.v2.json'), JSON.stringify({ ID: id, Name: `/n-${id}` }))
    await appendFile(join(folder, `${id}-json.log`), line(log))
  }
  await write('one', 'a')
  const dataDir = join(root, 'data')
  const yaml = `root: "${root}"`
  const first = await runInput(dockerFiles, yaml, { dataDir })
  await first.untilRecords(1)
  await write('two', 'b')
  await first.untilRecords(2)
  assert.deepEqual(first.tags, ['docker.n-one', 'docker.n-two'])
  await first.stopAndCheckCompliance()
  await write('one', 'c')
  await write('three', 'd')
  const second = await runInput(dockerFiles, yaml, { dataDir })
  await second.untilRecords(2)
  assert.deepEqual(second.records.map((record) => record['log']).toSorted(), ['c', 'd'])
  assert.deepEqual(second.tags.toSorted(), ['docker.n-one', 'docker.n-three'])
  await second.stopAndCheckCompliance()
})
