/** Runs of events with one key, by the bytes of their entries. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeySplitter } from '../../../../src/pipeline/delivery/keys/key-splitter.ts'
import type { ChunkKeySettings } from '../../../../src/pipeline/delivery/keys/settings.ts'
import { TimeSlices } from '../../../../src/pipeline/delivery/keys/time-slices.ts'
import { HeldBatch } from '../../../../src/pipeline/delivery/piece.ts'
import { decodeRecords, encodeEntry } from '../../../support/entries.ts'

const HOUR_S = 3600
const HOURLY = new TimeSlices(3_600_000, { offsetAt: () => 0 })

interface Event {
  readonly hour?: number
  readonly record: object
}

function pieces(settings: Partial<ChunkKeySettings>, events: readonly Event[]) {
  const entries = events.map(({ hour = 0, record }) => encodeEntry(hour * HOUR_S + 7, 0, record))
  const batch = { tag: 'web.1', entries: new Uint8Array(Buffer.concat(entries)) }
  const place = { buffer: 'buffer', isRead: false, sequence: 5, arrivedAt: 0 }
  const stored = { ...place, ...batch, count: events.length }
  const splitter = new KeySplitter({
    byTag: false,
    time: null,
    fields: [],
    openMax: 1,
    ...settings,
  })
  return splitter.split(new HeldBatch(stored, 0))
}

/** What each run is made of, and its place in the batch. */
function runs(settings: Partial<ChunkKeySettings>, events: readonly Event[]) {
  return pieces(settings, events).map(({ entries, firstEvent, count, key }) => ({
    ...{ firstEvent, key: [...key!.fields.values()] },
    hour: key!.time === undefined ? undefined : key!.time / 3_600_000,
    records: decodeRecords(entries.slice()),
    ...(decodeRecords(entries.slice()).length === count ? {} : { count }),
  }))
}

test('slices of time, a late event in its own', () => {
  const events = [3, 3, 4, 3, 4].map((hour, n) => ({ hour, record: { n } }))
  assert.deepEqual(runs({ time: HOURLY }, events), [
    { firstEvent: 0, key: [], hour: 3, records: [{ n: 0 }, { n: 1 }] },
    { firstEvent: 2, key: [], hour: 4, records: [{ n: 2 }] },
    { firstEvent: 3, key: [], hour: 3, records: [{ n: 3 }] },
    { firstEvent: 4, key: [], hour: 4, records: [{ n: 4 }] },
  ])
})

test('fields, also inside others, and those that are absent', () => {
  const records = [{ k: { ns: 'a' } }, { k: { ns: 'a' }, x: 1 }, { k: { ns: 'b' } }, { x: 1 }]
  const split = runs(
    { fields: [['k', 'ns']] },
    records.map((record) => ({ record })),
  )
  assert.deepEqual(
    split.map(({ key, records }) => [key[0], records.length]),
    [
      ['a', 2],
      ['b', 1],
      [undefined, 1],
    ],
  )
})

test('with the tag alone a batch stays whole', () => {
  const [piece, ...rest] = pieces({ byTag: true }, [{ record: { a: 1 } }, { hour: 9, record: {} }])
  assert.deepEqual(rest, [])
  assert.equal(piece!.key!.tag, 'web.1')
  assert.equal(piece!.entries, piece!.held.stored.entries)
})

test('keys are the same for the same values only', () => {
  const settings = { time: HOURLY, fields: [['a']], byTag: true }
  const id = (event: Event) => pieces(settings, [event])[0]!.key!.id
  const base = id({ hour: 3, record: { a: 'x', b: 1 } })
  assert.equal(id({ hour: 3, record: { b: 2, a: 'x' } }), base)
  const others: Event[] = [
    { hour: 4, record: { a: 'x' } },
    { hour: 3, record: { a: 'y' } },
    { hour: 3, record: {} },
    { hour: 3, record: { a: 'null' } },
  ]
  assert.equal(new Set([base, ...others.map(id)]).size, 5)
})

test('a long value is cut and stays different from others', () => {
  const values = ['1', '2'].map((end) => 'x'.repeat(100_000) + end)
  const keys = values.map((a) => pieces({ fields: [['a']] }, [{ record: { a } }])[0]!.key!)
  for (const { id, fields } of keys) {
    assert.ok(id.length < 1100, `${id.length}`)
    assert.match(fields.get('["a"]')!, /^x{991}~[0-9a-f]{32}$/)
  }
  assert.notEqual(keys[0]!.id, keys[1]!.id)
})
