/** Dead letters of a real process: kept, shown, replayed and dropped, over kills and reloads. */
import assert from 'node:assert/strict'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { until } from '../support/wait.ts'

interface Replay {
  readonly state: string
  readonly found: number
  readonly delivered: number
}

interface State {
  readonly events: number
  readonly groups: readonly Readonly<Record<string, unknown>>[]
  readonly replay: Replay | null
}

const PICKY = pathToFileURL(join(import.meta.dirname, '../support/picky-output.ts')).href
const env = { NODE_OPTIONS: `--import=${PICKY}` }

function config(buffer: string) {
  return (places: Places) => `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${places.http}" }
inputs:
  docker: { type: forward, listen: "tcp://127.0.0.1:${places.forward}" }
outputs:
  search: { type: picky, buffer: { type: ${buffer}, chunk: { max_events: 50, max_age: 1ms } } }
pipeline:
  - match: "**"
    to: search
`
}

function stateOf(collector: CollectorProcess): Promise<State> {
  return collector.getJson('/api/dead-letters') as Promise<State>
}

async function post(collector: CollectorProcess, path: string): Promise<number> {
  const url = `http://127.0.0.1:${collector.places.http}/api/dead-letters/${path}`
  return (await fetch(url, { method: 'POST' })).status
}

/** Sends so many events to an output that rejects them. */
async function reject(collector: CollectorProcess, count: number): Promise<void> {
  const address = { port: collector.places.forward }
  await new ReliableSender({ address, tag: 'app', window: 100 }).run(count)
  const all = async () => (await stateOf(collector)).events >= count
  await until('all are dead letters', all)
}

const inFolder = (collector: CollectorProcess, name: string) => join(collector.folder, name)

async function taken(collector: CollectorProcess): Promise<number[]> {
  const text = await readFile(inFolder(collector, 'taken.log'), 'utf8')
  return text.trimEnd().split('\n').map(Number)
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)

const ended = (collector: CollectorProcess) =>
  until('the replay has ended', async () => (await stateOf(collector)).replay?.state === 'done')

test('what an output rejects is kept, and replayed once it does not', async () => {
  await using collector = await CollectorProcess.prepare({ config: config('disk'), env })
  await writeFile(inFolder(collector, 'reject'), '')
  await collector.start()
  await reject(collector, 300)
  const { groups } = await stateOf(collector)
  const group = { output: 'search', tag: 'app', cause: 'rejected', reason: 'it is picky' }
  assert.deepEqual(groups, [{ ...group, events: 300 }])
  assert.equal((await collector.stop()).rejected, 300)
  await rm(inFolder(collector, 'reject'))
  await collector.start()
  assert.equal(await post(collector, 'replay'), 202)
  await ended(collector)
  await until('all are taken', async () => (await collector.ledger()).delivered === 300)
  assert.equal((await stateOf(collector)).events, 0)
  const { inputs } = (await collector.getJson('/api/ledger')) as {
    inputs: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
  assert.equal(inputs['dead_letters']?.['received'], 300)
  const { received, delivered } = await collector.stop()
  assert.deepEqual({ received, delivered }, { received: 300, delivered: 300 })
  assert.deepEqual(await taken(collector), numbers(300))
  assert.deepEqual(await readdir(inFolder(collector, 'data/dead-letters')), [])
})

test('killed while dead letters are written, each is there once', async () => {
  await using collector = await CollectorProcess.prepare({ config: config('disk'), env })
  await writeFile(inFolder(collector, 'reject'), '')
  await collector.start()
  const address = { port: collector.places.forward }
  const sender = new ReliableSender({ address, tag: 'app', window: 100 })
  const running = sender.run(4000)
  for (const part of [1000, 2000, 3000]) {
    await until('some are dead', async () => (await stateOf(collector)).events >= part)
    await collector.kill()
    await collector.start()
  }
  await running
  await until('all are delivered', async () => (await collector.ledger()).in_flight === 0)
  await collector.stop()
  await rm(inFolder(collector, 'reject'))
  await collector.start()
  // What was not acknowledged before a kill comes again from the sender: as another event.
  const { events } = await stateOf(collector)
  assert.ok(events >= 4000 && events <= 4000 + 3 * 100, `${events}`)
  await post(collector, 'replay')
  await ended(collector)
  await until('all are taken', async () => (await collector.ledger()).in_flight === 0)
  await collector.stop()
  assert.equal((await taken(collector)).length, events)
  assert.deepEqual(
    [...new Set(await taken(collector))].toSorted((a, b) => a - b),
    numbers(4000),
  )
})

test('killed again and again, a replay goes on and loses nothing', async () => {
  await using collector = await CollectorProcess.prepare({ config: config('memory'), env })
  await writeFile(inFolder(collector, 'reject'), '')
  await collector.start()
  await reject(collector, 5000)
  await rm(inFolder(collector, 'reject'))
  let left = 5000
  for (let kills = 0; kills < 3; kills++) {
    await post(collector, 'replay?to=search')
    await until(
      'it is half way',
      async () => ((await stateOf(collector)).replay?.delivered ?? 0) > 0,
    )
    await collector.kill()
    await collector.start()
    const { events } = await stateOf(collector)
    assert.ok(events > 0 && events < left, `${events} of ${left}`)
    left = events
  }
  await post(collector, 'replay')
  await ended(collector)
  await collector.stop()
  const found = await taken(collector)
  assert.deepEqual(
    [...new Set(found)].toSorted((a, b) => a - b),
    numbers(5000),
  )
  // Those on their way at each kill come twice, and no more.
  assert.ok(found.length <= 5000 + 3 * 1000, `${found.length}`)
})

test('a replay goes on over a reload, and a stop ends it', async () => {
  await using collector = await CollectorProcess.prepare({ config: config('memory'), env })
  await writeFile(inFolder(collector, 'reject'), '')
  await collector.start()
  await reject(collector, 5000)
  await rm(inFolder(collector, 'reject'))
  await post(collector, 'replay')
  const isUnderWay = async () => ((await stateOf(collector)).replay?.delivered ?? 0) > 0
  await until('it is under way', isUnderWay)
  const changed = config('memory')(collector.places).replace('"**"', '"{app,other}"')
  await writeFile(inFolder(collector, 'config.yaml'), changed)
  const url = `http://127.0.0.1:${collector.places.http}/api/reload`
  assert.equal((await fetch(url, { method: 'POST' })).status, 200)
  await collector.stop()
  await collector.start()
  const { events } = await stateOf(collector)
  assert.ok(events > 0 && events < 5000, `${events}`)
  await post(collector, 'replay')
  await ended(collector)
  await collector.stop()
  assert.deepEqual(
    (await taken(collector)).toSorted((a, b) => a - b),
    numbers(5000),
  )
})
