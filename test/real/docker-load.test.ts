/** Many containers, and a collector that goes away and comes back, with a real Docker daemon. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CollectorProcess, simpleConfig } from '../support/collector-process.ts'
import { DockerDaemon, requireDocker } from '../support/docker-daemon.ts'
import type { Line } from '../support/output-files.ts'
import { until } from '../support/wait.ts'

const CONTAINERS = 100
const LINES_EACH = 50

/** Containers live until they are removed, so that Docker never gives up on their lines. */
const STAY = 'sleep 1000'

/** Enough lines that every restart below falls into the run. */
const LOAD_LINES = 30_000
const RESTARTS = 3

test('a hundred containers at once', async (t) => {
  const tools = requireDocker(t)
  if (!tools) return
  await using daemon = await DockerDaemon.start(tools)
  await using collector = await CollectorProcess.start({ config: simpleConfig })
  const launch = (number: number) =>
    daemon.launch({
      script: `seq 1 ${LINES_EACH}; sleep 5; seq ${LINES_EACH + 1} ${2 * LINES_EACH}; ${STAY}`,
      log: {
        ...address(collector),
        tag: `many.${number}`,
        'fluentd-request-ack': String(number % 2 === 0),
      },
    })
  const ids = await Promise.all(Array.from({ length: CONTAINERS }, (_, number) => launch(number)))
  const lines = await collector.linesOnce(CONTAINERS * 2 * LINES_EACH, 60_000)
  await daemon.remove(...ids)
  for (let number = 0; number < CONTAINERS; number += 1)
    assert.deepEqual(numbers(lines, `many.${number}`), numbersTo(2 * LINES_EACH))
  const ledger = await collector.stop()
  assert.equal(ledger.received, CONTAINERS * 2 * LINES_EACH)
})

test('a collector that is restarted under load', async (t) => {
  const tools = requireDocker(t)
  if (!tools) return
  await using daemon = await DockerDaemon.start(tools)

  await t.test('a stop in order leaves every acknowledged line in the files once', async () => {
    await using collector = await CollectorProcess.start({ config: simpleConfig })
    const restart = async () => {
      await collector.stop()
      await collector.start()
    }
    const found = await linesAcrossRestarts(daemon, collector, restart)
    assert.deepEqual(found, numbersTo(LOAD_LINES))
  })

  await t.test('kill -9 leaves every acknowledged line in the files at least once', async () => {
    await using collector = await CollectorProcess.start({ config: simpleConfig })
    const restart = async () => {
      await collector.kill()
      await collector.start()
    }
    const found = await linesAcrossRestarts(daemon, collector, restart)
    assert.deepEqual([...new Set(found)], numbersTo(LOAD_LINES))
    // One line is in flight at a time, so a kill repeats at most one.
    assert.ok(found.length <= LOAD_LINES + RESTARTS, `${found.length} lines`)
  })

  await t.test('a container starts without a collector if it may send later', async () => {
    await using collector = await CollectorProcess.prepare({ config: simpleConfig })
    const log = { ...address(collector), tag: 'later', 'fluentd-async': 'true' }
    const id = await daemon.launch({ script: `seq 1 100; ${STAY}`, log })
    await collector.start()
    assert.deepEqual(numbers(await collector.linesOnce(100), 'later'), numbersTo(100))
    await daemon.remove(id)
    await collector.stop()
  })
})

/** The numbers one container counted while the collector was restarted a few times. */
async function linesAcrossRestarts(
  daemon: DockerDaemon,
  collector: CollectorProcess,
  restart: () => Promise<void>,
): Promise<string[]> {
  const log = {
    ...address(collector),
    tag: 'load',
    'fluentd-request-ack': 'true',
    'fluentd-retry-wait': '100ms',
  }
  const id = await daemon.launch({ script: `seq 1 ${LOAD_LINES}; ${STAY}`, log })
  for (let round = 1; round <= RESTARTS; round += 1) {
    await collector.linesOnce(Math.floor((LOAD_LINES * round) / (RESTARTS + 2)), 60_000)
    await restart()
  }
  const found = async () => numbers(await collector.lines(), 'load')
  const complete = async () => (await found()).includes(String(LOAD_LINES))
  await until('the last line is there', complete, 60_000)
  await daemon.remove(id)
  await collector.stop()
  return found()
}

function address(collector: CollectorProcess) {
  return { 'fluentd-address': `127.0.0.1:${collector.places.forward}` }
}

function numbers(lines: readonly Line[], tag: string): string[] {
  return lines.filter((line) => line.tag === tag).map((line) => String(line['log']))
}

function numbersTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1))
}
