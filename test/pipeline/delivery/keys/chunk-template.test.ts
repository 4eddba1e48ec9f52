/** Options that are resolved per chunk, and the keys they need. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ChunkKey } from '../../../../src/pipeline/delivery/keys/chunk-key.ts'
import { ChunkTemplate } from '../../../../src/pipeline/delivery/keys/chunk-template.ts'
import type { ChunkKeySettings } from '../../../../src/pipeline/delivery/keys/settings.ts'
import { TimeSlices } from '../../../../src/pipeline/delivery/keys/time-slices.ts'

const KOLKATA = { offsetAt: () => 19_800_000 }

const key: ChunkKey = {
  id: 'any',
  tag: 'docker.web1',
  time: Date.parse('2026-11-21T18:30:00Z'),
  clock: KOLKATA,
  fields: new Map([
    ['["host"]', 'h1'],
    ['["k","ns"]', undefined],
  ]),
}

test('what holds for the chunk is filled in', () => {
  const check = (text: string, expected: string) => {
    assert.equal(new ChunkTemplate(text).render({ id: 'c0ffee', key }), expected)
  }
  check('logs-${tag}-%Y.%m.%d', 'logs-docker.web1-2026.11.22')
  check('${tag[1]}/${host}/${$.host}/${$.k.ns}', 'web1/h1/h1/unknown')
  check('${chunk_id}.gz', 'c0ffee.gz')
  assert.equal(new ChunkTemplate('all-${chunk_id}').render({ id: '7', key: null }), 'all-7')
})

describe('a key that is lacking', () => {
  const hourly = new TimeSlices(3_600_000, KOLKATA)
  const all = { byTag: true, time: hourly, fields: [['host']], openMax: 1 }
  const check = (text: string, keys: ChunkKeySettings | null, expected: RegExp | null) => {
    const problems = new ChunkTemplate(text).problemsWith(keys)
    if (expected) assert.match(problems.join('\n'), expected)
    else assert.deepEqual(problems, [])
  }

  test('is named', () => {
    check('fixed-${chunk_id}', null, null)
    check('${tag[1..]}-%Y%m%d%H-${host}', all, null)
    check('${tag[1]}', null, /^cannot use \$\{tag\[1\]\}: .*expected "tag" in buffer\.chunk\.keys$/)
    check('${tag}', { ...all, byTag: false }, /expected "tag" in/)
    check('%Y', { ...all, time: null }, /cannot use %Y: .*expected "time" in/)
    check(
      '${host}',
      { ...all, fields: [['hosts']] },
      /use \$\{\$\.host\}: .*expected "\$\.host" in/,
    )
    check("${$['a.b'].c}", all, /expected "\$\['a\.b'\]\.c" in/)
  })

  test('is a slice that is too long, or does not fit', () => {
    const sliced = (sliceMs: number) => ({ ...all, time: new TimeSlices(sliceMs, KOLKATA) })
    check('%H', sliced(86_400_000), /cannot use %H: .*time\.slice of 1h or an even part/)
    check('%M', all, /slice of 1m or/)
    check('%d', sliced(86_400_000), null)
    check('%d', sliced(7 * 3_600_000), /slice of 1d or/)
    check('%G-%V', sliced(7 * 86_400_000), null)
    check('%d', sliced(7 * 86_400_000), /slice of 1d or/)
  })
})
