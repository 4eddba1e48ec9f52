/** The `udp` input: lines in datagrams; the rest is that of all datagrams (../support/). */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { parseListen } from '../../../src/config/listen-address.ts'
import { udp } from '../../../src/inputs/udp/index.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { validConfig } from '../../drivers/valid-config.ts'

const LISTEN = 'listen: udp://127.0.0.1:0'

async function send(run: InputRun, ...texts: string[]): Promise<void> {
  const address = parseListen(run.address())
  assert.ok(address?.scheme === 'udp')
  const socket = createSocket('udp4')
  for (const text of texts) {
    socket.send(text, address.port, address.host)
  }
  await new Promise<void>((resolve) => {
    socket.send(Buffer.alloc(0), address.port, address.host, () => resolve())
  })
  socket.close()
  await once(socket, 'close')
}

test('the end of a datagram is the end of a line', async () => {
  await using run = await runInput(udp, LISTEN)
  await send(run, 'one', 'two\nthree\r\n', 'four\n')
  await run.untilRecords(4)
  assert.deepEqual(
    run.records.map(({ log }) => log),
    ['one', 'two', 'three', 'four'],
  )
  assert.deepEqual(new Set(run.tags), new Set(['udp']))
  await run.stopAndCheckCompliance()
})

test('says who sent a line, in the record, the tag and what cannot be read', async () => {
  const yaml = `{ ${LISTEN}, tag: "u.\${source_address}", format: json, source_address_key: from }`
  await using run = await runInput(udp, yaml)
  await send(run, '{"a":1}', '{')
  await run.untilRecords(2)
  assert.deepEqual(run.records, [
    { a: 1, from: '127.0.0.1' },
    { message: '{', parse_failed: 'invalid_json', from: '127.0.0.1' },
  ])
  assert.equal(run.tags[0], 'u.127.0.0.1')
  assert.equal(run.metric('parse_failed_total'), 1)
  await run.stopAndCheckCompliance()
})

test('takes udp addresses alone', () => {
  assert.throws(() => validConfig(udp, 'listen: tcp://127.0.0.1:1'), /expected udp$/m)
})
