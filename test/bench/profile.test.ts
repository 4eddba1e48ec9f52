import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ownTimes } from '../../bench/profile.ts'

it('sums up the own time of a function over the places it was called from', () => {
  const node = (id: number, functionName: string, url = '') => {
    return { id, callFrame: { functionName, url, lineNumber: 6 } }
  }
  const nodes = [
    node(1, 'encode', 'file:///src/lines.ts'),
    node(2, '(idle)'),
    node(3, '', 'file:///src/lines.ts'),
    node(4, 'encode', 'file:///src/lines.ts'),
  ]
  const profile = { nodes, samples: [1, 2, 3, 4], timeDeltas: [1000, 9000, 2000, 3000] }
  assert.deepEqual(ownTimes(profile), [
    { name: 'encode lines.ts:7', ms: 4 },
    { name: '(anonymous) lines.ts:7', ms: 2 },
  ])
})
