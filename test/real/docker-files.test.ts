/**
 * Docker's json-file driver, read from its files while containers write and Docker rotates and
 * compresses, over a stop and a kill of the collector: every line is there, once.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { DockerDaemon, requireDocker } from '../support/docker-daemon.ts'
import { countNewlines, type Line } from '../support/output-files.ts'
import { until } from '../support/wait.ts'

const NAMES = ['one', 'two', 'three']
const LOG_OPTIONS = { 'max-size': '1m', 'max-file': '3', compress: 'true' }
const LIMIT_MS = 120_000
/**
 * Lines of one step, which begins when those before are read: some 290 bytes each as json-file
 * writes them, so what is not read yet is always less than the two files that Docker surely keeps,
 * however slow the machine is.
 */
const STEP_LINES = 4000
/** Paced, a step rests after each 500 lines. */
const STEPS = [
  { isPaced: true, collector: 'runs' },
  { isPaced: true, collector: 'runs' },
  // One rotation and more.
  { isPaced: false, collector: 'is stopped' },
  { isPaced: true, collector: 'runs' },
  { isPaced: true, collector: 'is killed' },
  { isPaced: true, collector: 'runs' },
] as const
const LINES = STEPS.length * STEP_LINES
/** A kill may repeat what was read and not yet noted: of each file at most a block or two. */
const REPEATED_MAX = NAMES.length * 2 * 1000

function configFor(root: string): (places: Places) => string {
  const path = join(root, 'containers/*/*-json.log')
  return ({ http }) => `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${http} }
inputs:
  containers: { type: docker_files, root: "${root}", tag: "containers.\${container_name}" }
  paths: { type: tail, path: "${path}", format: docker, tag: "paths.\${container_name}" }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`
}

/** Each step begins when a file of its number is there. */
function script(): string {
  const steps = STEPS.map(({ isPaced }, step) => {
    const rest = isPaced ? 'if (i % 500 == 499) { fflush(); system("sleep 0.4") }' : ''
    const line = `printf "%06d %200s\\n", i, "x"`
    const [from, to] = [step * STEP_LINES, (step + 1) * STEP_LINES]
    const program = `BEGIN { for (i = ${from}; i < ${to}; i++) { ${line}; ${rest} } }`
    return `until [ -e /signals/${step} ]; do sleep 0.1; done; awk '${program}'`
  })
  return [...steps, 'sleep 1000'].join('\n')
}

function numbersOf(lines: readonly Line[]): number[] {
  return lines.map((line) => Number.parseInt(String(line['log']), 10))
}

test('each line of containers whose logs are rotated, over a stop and a kill', async (t) => {
  const tools = requireDocker(t)
  if (!tools) return
  const signals = await mkdtemp(join(tmpdir(), 'logboom-signals-'))
  t.after(() => rm(signals, { recursive: true }))
  const begin = (step: number) => writeFile(join(signals, `${step}`), '')
  await using daemon = await DockerDaemon.start(tools)
  await using collector = await CollectorProcess.start({ config: configFor(daemon.root) })
  const args = [`--volume=${signals}:/signals:ro`]
  const container = { driver: 'json-file', log: LOG_OPTIONS, script: script(), args }
  for (const name of NAMES) await daemon.launch({ ...container, name })
  const tags = NAMES.flatMap((name) => [`containers.${name}`, `paths.${name}`])
  const atLeast = (count: number) =>
    until(
      `${count} lines of each container are there`,
      async () => {
        const counts = tags.map((tag) => countNewlines(join(collector.logs, `${tag}.log`)))
        return (await Promise.all(counts)).every((lines) => lines >= count)
      },
      LIMIT_MS,
    )

  const written = async (name: string, count: number) =>
    (await daemon.docker('logs', '--tail', '1', name)).startsWith(`${count - 1}`.padStart(6, '0'))
  for (const [step, { collector: state }] of STEPS.entries()) {
    const count = (step + 1) * STEP_LINES
    if (state === 'is stopped') await collector.stop()
    await begin(step)
    if (state === 'is stopped') {
      for (const name of NAMES)
        await until(`${name} has written`, () => written(name, count), LIMIT_MS)
      await collector.start()
    } else if (state === 'is killed') {
      await atLeast(count - STEP_LINES + 1000)
      await collector.kill()
      await collector.start()
    }
    await atLeast(count)
    if (state !== 'is stopped') continue
    for (const tag of tags)
      assert.deepEqual(
        numbersOf(await collector.linesOf(tag, 0)),
        Array.from({ length: count }, (_, number) => number),
        `${tag} after the stop: each line once, in order`,
      )
  }
  await collector.stop()
  let repeated = 0
  for (const tag of tags) {
    const numbers = numbersOf(await collector.linesOf(tag, LINES))
    const different = new Set(numbers)
    const missing = Array.from({ length: LINES }, (_, number) => number).filter(
      (number) => !different.has(number),
    )
    assert.deepEqual(missing, [], `missing of ${tag}`)
    repeated += numbers.length - LINES
  }
  const files = await readdir(join(daemon.root, 'containers'), { recursive: true })
  const compressed = files.filter((file) => file.endsWith('.gz'))
  assert.ok(
    compressed.length >= NAMES.length,
    `Docker has rotated and compressed: ${files.join(' ')}`,
  )
  t.diagnostic(`${LINES * tags.length} lines, ${repeated} twice after the kill`)
  assert.ok(repeated <= 2 * REPEATED_MAX, `${repeated} lines twice`)
})
