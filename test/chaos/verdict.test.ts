/** The judge of `npm run chaos`: nothing that went wrong, or was not shown, may pass it. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { countArrived } from '../../chaos/harness/arrived.ts'
import { faultsOf } from '../../chaos/harness/ledger.ts'
import type { Sender } from '../../chaos/harness/load.ts'
import { judge, type Evidence } from '../../chaos/harness/verdict.ts'

/** Has sent the numbers below `sent` and has them acknowledged but for `open`. */
function senderOf(sent: number, open: readonly number[] = []): Sender {
  return {
    ...{
      name: 'a',
      sent,
      acknowledged: sent - open.length,
      resent: 0,
      repeatsInOrder: false,
      violations: [],
    },
    takeLatencies: () => [],
    isAcknowledged: (number) => number < sent && !open.includes(number),
    run: () => Promise.resolve(),
    finish: () => undefined,
    abandon: () => undefined,
  }
}

const account = {
  ...{ received: 3, restored: 1, copied: 0, filtered: 0, delivered: 2, retried: 1 },
  ...{ rejected: 0, dropped: 0, buffered: 0, in_flight: 0 },
}

const linesOf = (...numbers: readonly number[]) =>
  numbers.map((n) => `${JSON.stringify({ s: 'a', n })}\n`).join('')

async function folderWith(t: TestContext, files: Record<string, string | Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-verdict-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'logs'))
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, 'logs', name), text)
  return folder
}

async function count(t: TestContext, files: Record<string, string | Buffer>, sender: Sender) {
  const folder = await folderWith(t, files)
  return countArrived([join(folder, 'logs')], [sender])
}

describe('counting', () => {
  const well = { arrived: 0, lost: 0, duplicates: 0, overtaken: new Map(), faults: [] }

  test('finds events over all files, compressed ones too', async (t) => {
    const files = { 'one.log': linesOf(0, 1), 'two.log.gz': gzipSync(linesOf(2)) }
    const arrival = await count(t, files, senderOf(3))
    assert.deepEqual(arrival, { ...well, arrived: 3 })
  })

  test('finds what is lost, by sender and number, and what is there twice', async (t) => {
    const arrival = await count(t, { 'one.log': linesOf(0, 0, 2) }, senderOf(4))
    const faults = [1, 3].map((number) => `a number ${number} was acknowledged and is nowhere`)
    assert.deepEqual(arrival, { ...well, arrived: 3, lost: 2, duplicates: 1, faults })
  })

  test('finds what was overtaken, and not what only comes twice', async (t) => {
    const arrival = await count(t, { 'one.log': linesOf(0, 2, 1, 0, 3) }, senderOf(4))
    assert.deepEqual(arrival.overtaken, new Map([['a', 1]]))
  })

  test('finds what was overtaken within a second where only that is in order', async (t) => {
    const lineOf = (n: number, second: number, ms: number) =>
      `${JSON.stringify({ time: `2026-11-21T08:50:0${second}.${ms}Z`, s: 'a', n })}\n`
    const text = lineOf(0, 1, 100) + lineOf(3, 2, 100) + lineOf(2, 1, 300) + lineOf(1, 1, 200)
    const folder = await folderWith(t, { 'one.log': text })
    const arrival = await countArrived([join(folder, 'logs')], [senderOf(4)], 'sender and second')
    assert.deepEqual([...arrival.overtaken.values()], [1])
  })

  test('reads rotated files first, the oldest before the others', async (t) => {
    const files = {
      'a.log': linesOf(3),
      'a@2026-11-21T08-50-00.123Z.log.gz': gzipSync(linesOf(0)),
      'a@2026-11-21T08-50-00.124Z.log': linesOf(1, 2),
    }
    assert.deepEqual((await count(t, files, senderOf(4))).overtaken, new Map())
  })

  test('does not ask for what was not acknowledged', async (t) => {
    const arrival = await count(t, { 'one.log': linesOf(0) }, senderOf(2, [1]))
    assert.equal(arrival.lost, 0)
  })

  test('leaves out what was cut off, and finds lines that are none', async (t) => {
    const files = { 'one.log': `${linesOf(0)}{"s":"a",`, 'one.log.torn': linesOf(1) }
    const arrival = await count(t, files, senderOf(2))
    assert.equal(arrival.lost, 1)
    assert.match(arrival.faults[0]!, /is none that was sent/)
  })

  test('finds nothing in a folder that is not there', async () => {
    const arrival = await countArrived([join(tmpdir(), 'not-there-at-all')], [senderOf(1)])
    assert.equal(arrival.lost, 1)
    assert.match(arrival.faults[0]!, /cannot read/)
  })
})

const kept = { ...account, buffered: 2 }

describe('a verdict', () => {
  const verdict = async (t: TestContext, differs: Partial<Evidence>, lines = linesOf(0, 1)) => {
    const folder = await folderWith(t, { 'a.log': lines })
    const evidence: Evidence = {
      ...{ scenario: 'example', seed: 1, seconds: 1, folder, copies: [['logs']] },
      ...{ senders: [senderOf(2)], collectors: [], finals: [], mayRepeat: 0 },
      ...{ disturbances: 1, isOrdered: true, orderScope: 'sender', faults: [] },
      ...differs,
    }
    return judge(evidence)
  }

  test('is good when everything is there', async (t) => {
    assert.deepEqual((await verdict(t, {})).faults, [])
  })

  const resending = { ...senderOf(2), resent: 1 }
  const bad: readonly [string, Partial<Evidence>, string | undefined, RegExp][] = [
    ['something is lost', {}, linesOf(0), /1 acknowledged events are lost/],
    ['a copy lacks something', { copies: [['logs'], ['other']] }, undefined, /events are lost/],
    ['there are too many duplicates', {}, linesOf(0, 0, 1), /1 duplicates, where at most 0/],
    ['events are overtaken', {}, linesOf(1, 0), /1 events of a arrived after later ones/],
    [
      'events are overtaken that were sent again in order',
      { senders: [{ ...resending, repeatsInOrder: true }] },
      linesOf(1, 0),
      /1 events of a arrived after later ones/,
    ],
    ['no order is shown', { senders: [resending], mayRepeat: 1 }, undefined, /no order is shown/],
    ['nothing went wrong', { disturbances: 0 }, undefined, /nothing went wrong/],
    ['nobody was acknowledged', { senders: [senderOf(1, [0])] }, '', /never acknowledged anything/],
    ['there is no last account', { finals: [undefined] }, undefined, /did not live/],
    ['a buffer has kept something', { finals: [kept] }, undefined, /not everything was delivered/],
    ['the scenario says so', { faults: ['because'] }, undefined, /because/],
  ]
  for (const [when, differs, lines, expected] of bad)
    test(`is bad when ${when}`, async (t) => {
      assert.match((await verdict(t, differs, lines)).faults.join('\n'), expected)
    })

  test('asks for no order of what was sent again in any, nor where there is none', async (t) => {
    const senders = [resending, { ...senderOf(0), name: 'b', acknowledged: 1 }]
    assert.deepEqual((await verdict(t, { senders }, linesOf(1, 0))).faults, [])
    assert.deepEqual((await verdict(t, { isOrdered: false }, linesOf(1, 0))).faults, [])
  })

  test('allows the duplicates that are explained', async (t) => {
    assert.deepEqual((await verdict(t, { mayRepeat: 1 }, linesOf(0, 0, 1))).faults, [])
  })
})

describe('an account', () => {
  const well = { ...account, in_flight: 1 }

  test('is good when it is balanced', () => assert.deepEqual(faultsOf(well, 'now'), []))

  test('is bad when it is not, when anything is thrown away, and when a column is missing', () => {
    assert.match(faultsOf({ ...well, received: 4 }, 'now').join(), /not balanced/)
    assert.match(faultsOf({ ...well, delivered: 1, dropped: 1 }, 'now').join(), /dropped/)
    assert.match(faultsOf({ ...well, copied: NaN }, 'now').join(), /has no copied/)
  })
})
