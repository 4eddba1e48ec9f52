/** Slices follow the clock on the wall, also where it is moved. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Zone } from '../../../../src/codecs/time/zone.ts'
import { TimeSlices } from '../../../../src/pipeline/delivery/keys/time-slices.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

function check(zone: string, sliceMs: number, at: string, start: string) {
  const slices = new TimeSlices(sliceMs, new Zone(zone))
  const began = slices.startOf(slices.sliceAt(Date.parse(at)))
  assert.equal(new Date(began).toISOString(), new Date(start).toISOString())
}

test('in UTC they are multiples, weeks from a Monday', () => {
  check('UTC', HOUR, '2026-11-21T08:50:00Z', '2026-11-21T08:00:00Z')
  check('UTC', HOUR, '2026-11-21T08:00:00Z', '2026-11-21T08:00:00Z')
  check('UTC', DAY, '2026-11-21T23:59:59Z', '2026-11-21T00:00:00Z')
  check('UTC', 7 * DAY, '2026-11-22T23:59:59Z', '2026-11-16T00:00:00Z')
  check('UTC', 15 * 60_000, '1970-01-01T00:14:59Z', '1970-01-01T00:00:00Z')
})

test('a zone has its own midnight', () => {
  check('Europe/Berlin', DAY, '2026-11-21T22:59:59Z', '2026-11-20T23:00:00Z')
  check('Europe/Berlin', DAY, '2026-11-21T23:00:00Z', '2026-11-21T23:00:00Z')
  check('Asia/Kolkata', HOUR, '2026-11-21T08:50:00Z', '2026-11-21T08:30:00Z')
})

test('a day on which the clock is moved is one slice, and so is an hour that comes twice', () => {
  check('Europe/Berlin', DAY, '2026-03-29T21:59:59Z', '2026-03-28T23:00:00Z')
  check('Europe/Berlin', DAY, '2026-10-25T22:59:59Z', '2026-10-24T22:00:00Z')
  const hours = new TimeSlices(HOUR, new Zone('Europe/Berlin'))
  const [first, second] = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map(Date.parse)
  assert.equal(hours.sliceAt(first!), hours.sliceAt(second!))
})
