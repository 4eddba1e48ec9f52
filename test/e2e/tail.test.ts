/** Files followed by the real process, which is killed while they are written and rotated. */
import assert from 'node:assert/strict'
import { appendFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { until } from '../support/wait.ts'

/** What is on its way at a kill: a block of 256 KiB, in lines of this test. */
const BLOCK_LINES = Math.ceil((256 * 1024) / 12)

const config = ({ http }: Places) => `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${http} }
inputs:
  app: { type: tail, path: ./app/*.log, tag: app }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`

test('kill -9 loses no line, and brings few of them twice', async () => {
  await using collector = await CollectorProcess.prepare({ config })
  const log = join(collector.folder, 'app/a.log')
  await mkdir(join(collector.folder, 'app'))
  let written = 0
  const write = async (count: number) => {
    let text = ''
    for (let left = count; left > 0; left--) text += `line ${written++}\n`
    await appendFile(log, text)
  }
  await write(1000)
  await collector.start()
  const kills = 3
  for (let kill = 1; kill <= kills; kill++) {
    await collector.linesOnce(written)
    await write(20_000)
    await rename(log, `${log}.${kill}`)
    await write(30_000)
    await collector.kill()
    await write(100)
    await collector.start()
  }
  const numbers = new Set<unknown>()
  let lines = 0
  const isAll = async () => {
    const all = await collector.lines()
    lines = all.length
    for (const line of all) numbers.add(line['log'])
    return numbers.size >= written
  }
  await until('every line is there', isAll)
  await collector.stop()
  assert.equal(numbers.size, written)
  assert.ok(lines - written <= kills * BLOCK_LINES, `${lines - written} lines came twice`)
})
