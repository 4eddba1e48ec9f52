/** `logboom run` in an empty folder, with no configuration at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { CollectorProcess } from '../support/collector-process.ts'
import { ForwardClient, message } from '../support/forward-client.ts'

test('listens on its well-known ports, joins parts and writes one file per tag', async () => {
  await using collector = await CollectorProcess.start({})
  assert.match(collector.process.output, /127\.0\.0\.1:24224/)
  assert.match(collector.process.output, /127\.0\.0\.1:12201/)
  assert.match(collector.process.output, /127\.0\.0\.1:24220/)
  assert.match(collector.process.output, /docker run .*--log-driver=fluentd/)

  await using client = await ForwardClient.connect({ port: 24224 })
  await client.send(message('docker.web1', 1_795_251_000, { log: 'hello' }))
  const part = (ordinal: number, isLast: boolean, log: string) =>
    message('docker.web1', 1_795_251_000, {
      container_id: 'c',
      source: 'stdout',
      log,
      partial_message: 'true',
      partial_id: 'p',
      partial_ordinal: String(ordinal),
      partial_last: String(isLast),
    })
  await client.send(part(1, false, 'one '))
  await client.send(part(2, true, 'line'))
  const lines = await collector.linesOnce(2)
  assert.deepEqual(
    lines.map((line) => line['log']),
    ['hello', 'one line'],
  )
  await sendGelf(12201)
  const all = await collector.linesOnce(4)
  assert.deepEqual(all.flatMap((line) => (line.tag === 'gelf' ? [line['log']] : [])).toSorted(), [
    'by tcp',
    'by udp',
  ])
  assert.equal(await heartbeat(24224), 0)
  await sendSyslog()
  const withSyslog = await collector.linesOnce(6)
  const syslog = withSyslog.filter((line) => line['tag'] === 'syslog.daemon.info')
  assert.deepEqual(syslog.map((line) => line['message']).sort(), ['by tcp', 'by udp'])
  await collector.stop()
})

async function sendGelf(port: number): Promise<void> {
  const udp = createSocket('udp4')
  const datagram = '{"short_message":"by udp"}'
  await new Promise((resolve) => udp.send(datagram, port, '127.0.0.1', resolve))
  udp.close()
  const tcp = connect(port, '127.0.0.1')
  tcp.end('{"short_message":"by tcp"}\0')
  await once(tcp.resume(), 'close')
}

async function sendSyslog(): Promise<void> {
  const head = '<30>1 2026-11-26T11:59:58Z host app 1 - - '
  const stream = connect(5140, '127.0.0.1')
  stream.end(`${head}by tcp\n`)
  stream.resume()
  await once(stream, 'close')
  const socket = createSocket('udp4')
  socket.send(`${head}by udp`, 5140, '127.0.0.1', () => socket.close())
  await once(socket, 'close')
}

/** Sends a UDP heartbeat and returns the one byte that comes back. */
async function heartbeat(port: number): Promise<number | undefined> {
  const socket = createSocket('udp4')
  try {
    return await new Promise<number | undefined>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('message', (reply) => resolve(reply.length === 1 ? reply[0] : undefined))
      socket.send('hello', port, '127.0.0.1')
    })
  } finally {
    socket.close()
  }
}
