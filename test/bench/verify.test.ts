/** What the benchmark's verification finds: nothing in a true output, each planted fault. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { prepare, tagName, type Prepared, type Traffic } from '../../bench/traffic/prepare.ts'
import { Records } from '../../bench/traffic/records.ts'
import { verify, type ReadLine, type Verdict } from '../../bench/verify/verify.ts'

const TRAFFIC: Traffic = {
  mode: 'message',
  shape: '300B',
  records: 40,
  connections: 2,
  tags: 1,
  tagOf: 'record',
}
const TAG = tagName(0)
const readLine: ReadLine = (line) => line

describe('benchmark verification', () => {
  let folder = ''
  let prepared: Prepared
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logboom-bench-test-'))
    prepared = prepare(TRAFFIC, join(folder, 'traffic'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  /** Verifies these lines as the only file of an output. */
  async function verdictOn(lines: readonly string[]): Promise<Verdict> {
    const output = await mkdtemp(join(folder, 'output-'))
    await writeFile(join(output, 'all.log'), lines.map((line) => `${line}\n`).join(''))
    return verify(output, { prepared, readLine, withEnvelope: true })
  }

  it('finds nothing in an output that is as it should be', async () => {
    assert.deepEqual(await verdictOn(outputLines()), { records: 40, faults: [], outOfOrder: 0 })
  })

  it('lets records of different connections come in any order', async () => {
    const lines = outputLines()
    const mixed = lines.flatMap((line, at) => (at < 20 ? [line, lines[at + 20]!] : []))
    assert.deepEqual(await verdictOn(mixed), { records: 40, faults: [], outOfOrder: 0 })
  })

  it('looks at no order where none is kept', async () => {
    const output = await mkdtemp(join(folder, 'output-'))
    const lines = outputLines().toReversed()
    await writeFile(join(output, 'all.log'), lines.map((line) => `${line}\n`).join(''))
    const expectation = { prepared, readLine, withEnvelope: true }
    assert.ok((await verify(output, expectation)).outOfOrder > 0)
    const mixed = await verify(output, { ...expectation, mayBeMixed: true })
    assert.deepEqual(mixed, { records: 40, faults: [], outOfOrder: 0 })
  })

  it('reads what was rotated and compressed before the rest, frame by frame', async () => {
    const lines = outputLines().map((line) => `${line}\n`)
    const output = await mkdtemp(join(folder, 'output-'))
    const frames = [lines.slice(0, 5), lines.slice(5, 9)].map((some) => {
      return zstdCompressSync(some.join(''))
    })
    const rotated = join(output, 'all@2026-11-21T08-50-00.123Z.log')
    await writeFile(`${rotated}.zst`, Buffer.concat(frames))
    await writeFile(rotated.replace('123Z', '124Z') + '.gz', gzipSync(lines.slice(9, 15).join('')))
    await writeFile(join(output, 'all.log'), lines.slice(15).join(''))
    const verdict = await verify(output, { prepared, readLine, withEnvelope: true })
    assert.deepEqual(verdict, { records: 40, faults: [], outOfOrder: 0 })
  })

  it('names a record that is missing', async () => {
    const { faults } = await verdictOn(outputLines().toSpliced(3, 1))
    assert.deepEqual(faults, ['1 missing: 0/3'])
  })

  it('names a record that came twice in the place of another', async () => {
    const lines = outputLines()
    const { faults } = await verdictOn(lines.with(25, lines[24]!))
    assert.deepEqual(faults, ['1 missing: 1/5', '1 doubled: 1/4'])
  })

  it('counts what was never sent', async () => {
    const { faults } = await verdictOn([...outputLines(), '{"log":"hello"}'])
    assert.deepEqual(faults, ['1 that were never sent'])
  })

  it('counts records that come too late', async () => {
    const lines = outputLines()
    const { faults, outOfOrder } = await verdictOn([...lines.slice(1, 5), ...lines.toSpliced(1, 4)])
    assert.deepEqual({ faults, outOfOrder }, { faults: [], outOfOrder: 1 })
  })

  for (const [what, from, to] of [
    ['a changed letter', 'stdout', 'stdouT'],
    ['a changed name', '"source"', '"sourcf"'],
    ['a number that became text', /"attempt":(\d+)/, '"attempt":"$1"'],
    ['a changed time', '"time":"2026', '"time":"2025'],
    ['a changed tag', `"tag":"${TAG}"`, '"tag":"docker.other"'],
    ['a field more', '{', '{"more":1,'],
  ] as const) {
    it(`finds ${what}`, async () => {
      const lines = outputLines()
      const changed = lines.with(7, lines[7]!.replace(from, to))
      assert.notDeepEqual(changed, lines)
      assert.match((await verdictOn(changed)).faults.join(), /^fields differ: hash [\da-f]{16};/)
    })
  }

  it('finds values that two records have exchanged', async () => {
    const lines = outputLines().map((line) => JSON.parse(line) as Record<string, unknown>)
    const [first, second] = [lines[0]!, lines[1]!]
    const exchanged = [
      { ...first, attempt: second['attempt'] },
      { ...second, attempt: first['attempt'] },
    ]
    assert.notEqual(first['attempt'], second['attempt'])
    const changed = [...exchanged, ...lines.slice(2)].map((line) => JSON.stringify(line))
    assert.match((await verdictOn(changed)).faults.join(), /^fields differ/)
  })

  it('refuses a torn line and one that is not JSON', async () => {
    await assert.rejects(verdictOn(['{"log":']), /cannot read a line of all\.log/)
  })
})

/** What a collector should write of the traffic. */
function outputLines(): string[] {
  return [0, 1].flatMap((connection) => {
    const records = new Records(connection, TRAFFIC.shape, 2026)
    return Array.from({ length: TRAFFIC.records / 2 }, () => {
      records.next()
      const fields = records.names.map((name, at) => [name, records.values[at]])
      return JSON.stringify({ time: records.time, tag: TAG, ...Object.fromEntries(fields) })
    })
  })
}
