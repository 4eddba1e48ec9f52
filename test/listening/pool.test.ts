/** The process's listening sockets: handed on without a gap, and closed when nobody wants them. */
import assert from 'node:assert/strict'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SocketPool } from '../../src/listening/pool.ts'
import type { DatagramUser, StreamUser } from '../../src/pipeline/listening.ts'
import { KeptLog } from '../drivers/context.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/wait.ts'

const MODE = 0o622

/** Keeps what it is given. */
class Taker {
  readonly sockets: Socket[] = []
  readonly datagrams: string[] = []
  readonly stream: StreamUser & DatagramUser = {
    socketMode: MODE,
    onConnection: (socket) => void this.sockets.push(socket.on('error', () => undefined)),
    onDatagram: (bytes) => void this.datagrams.push(Buffer.from(bytes).toString()),
    onError: (error) => assert.fail(error),
  }

  /** What each connection has sent, once it has ended. */
  texts(): Promise<string[]> {
    return Promise.all(
      this.sockets.map(async (socket) => {
        const chunks = (await socket.toArray()) as Buffer[]
        socket.destroy()
        return Buffer.concat(chunks).toString()
      }),
    )
  }
}

function pool() {
  const logger = new KeptLog()
  return { logger, pool: new SocketPool({ logger }) }
}

/** Connects, writes and ends; rejects when it is refused. */
async function say(target: { port: number } | { path: string }, text: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', ...target })
  await once(socket, 'connect')
  socket.end(text)
  await once(socket, 'finish')
}

test('who comes between two borrowers is served by the second', async (t) => {
  for (const target of [{ port: await freePort() }, { path: join(folder(t), 'socket') }]) {
    const address = 'port' in target ? `tcp://127.0.0.1:${target.port}` : `unix://${target.path}`
    const { pool: sockets, logger } = pool()
    const [first, second] = [new Taker(), new Taker()]
    const old = await sockets.stream(address, first.stream)
    await say(target, 'one')
    await until('the first is served', () => first.sockets.length === 1)
    const free = await sockets.reserve([address])
    await old.release()
    await say(target, 'two')
    await say(target, 'three')
    const next = await sockets.stream(address, second.stream)
    await free()
    await say(target, 'four')
    await until('all are served', () => second.sockets.length === 3)
    assert.deepEqual(await first.texts(), ['one'])
    assert.deepEqual((await second.texts()).toSorted(), ['four', 'three', 'two'])
    await next.release()
    await assert.rejects(say(target, 'five'), /ECONNREFUSED|ENOENT/)
    assert.deepEqual(logger.messages(), [])
  }
})

test('datagrams that come between two borrowers are for the second', async (t) => {
  const { pool: sockets } = pool()
  const [first, second] = [new Taker(), new Taker()]
  const sender = createSocket('udp4')
  t.after(() => sender.close())
  const old = await sockets.datagrams('udp://127.0.0.1:0', first.stream)
  await old.release()
  const address = `udp://127.0.0.1:${old.port}`
  const free = await sockets.reserve([address])
  await send(sender, old.port, 'one')
  await send(sender, old.port, 'two')
  const next = await sockets.datagrams(address, second.stream)
  await free()
  await until('they are there', () => second.datagrams.length === 2)
  assert.deepEqual([first.datagrams, second.datagrams], [[], ['one', 'two']])
  await next.release()
})

test('what the kernel has when nobody comes next goes to the one that leaves', async () => {
  const { pool: sockets } = pool()
  const taker = new Taker()
  const lease = await sockets.stream('tcp://127.0.0.1:0', taker.stream)
  const datagrams = await sockets.datagrams('udp://127.0.0.1:0', taker.stream)
  const sender = createSocket('udp4')
  const client = connect({ host: '127.0.0.1', port: lease.port })
  await once(client, 'connect')
  await send(sender, datagrams.port, 'last')
  await Promise.all([lease.release(), lease.release(), datagrams.release()])
  assert.equal(taker.sockets.length, 1)
  assert.deepEqual(taker.datagrams, ['last'])
  sender.close()
  client.destroy()
  taker.sockets[0]!.destroy()
})

test('an address that is taken fails the whole reservation and opens nothing', async () => {
  const { pool: sockets } = pool()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const taken = `tcp://127.0.0.1:${(other.address() as AddressInfo).port}`
  const port = await freePort()
  const wanted = sockets.reserve([`tcp://127.0.0.1:${port}`, 'path:./x', taken])
  await assert.rejects(wanted, ({ message }: Error) =>
    message.startsWith(`cannot listen on ${taken}: address already in use`),
  )
  await assert.rejects(say({ port }, 'x'), /ECONNREFUSED/)
  other.close()
})

test('from one host to all of them and back: as soon as the other is given back', async () => {
  const { pool: sockets } = pool()
  const port = await freePort()
  const [one, all] = [`tcp://127.0.0.1:${port}`, `tcp://0.0.0.0:${port}`]
  let lease = await sockets.stream(one, new Taker().stream)
  for (const address of [all, one]) {
    const free = await sockets.reserve([address])
    await lease.release()
    lease = await sockets.stream(address, new Taker().stream)
    await free()
  }
  await lease.release()
})

test('two borrowers cannot have one address, however it is written', async () => {
  const { pool: sockets } = pool()
  const port = await freePort()
  const lease = await sockets.stream(`tcp://127.0.0.1:${port}`, new Taker().stream)
  for (const address of [`tls://127.0.0.1:${port}`, `tcp://localhost:${port}`])
    await assert.rejects(sockets.stream(address, new Taker().stream), /another input listens there/)
  const udp = await sockets.datagrams(`udp://127.0.0.1:${port}`, new Taker().stream)
  await udp.release()
  await lease.release()
})

test('connections that wait for an input that never comes are closed, and it is said', async () => {
  const { pool: sockets, logger } = pool()
  const port = await freePort()
  const free = await sockets.reserve([`tcp://127.0.0.1:${port}`])
  const client = connect({ host: '127.0.0.1', port })
  const gone = connect({ host: '127.0.0.1', port })
  await Promise.all([once(client, 'connect'), once(gone, 'connect')])
  gone.resetAndDestroy()
  const closed = once(client, 'close')
  // A round trip over another connection: the process has seen both by then.
  const probe = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(probe, 'listening')
  await say({ port: (probe.address() as AddressInfo).port }, '')
  probe.close()
  await free()
  await closed
  const [line] = logger.lines
  assert.equal(line?.message, 'closed connections that waited for an input that does not come')
})

test('who leaves without a word while waiting is let go', async () => {
  const { pool: sockets, logger } = pool()
  const port = await freePort()
  const free = await sockets.reserve([`tcp://127.0.0.1:${port}`])
  const client = connect({ host: '127.0.0.1', port })
  client.end().resume()
  await once(client, 'close')
  const taker = new Taker()
  const lease = await sockets.stream(`tcp://127.0.0.1:${port}`, taker.stream)
  await free()
  await lease.release()
  assert.deepEqual([taker.sockets, logger.lines], [[], []])
})

test('a socket file has the mode of who borrows it, also when it is handed on', async (t) => {
  const { pool: sockets } = pool()
  const path = join(folder(t), 'socket')
  const mode = () => statSync(path).mode & 0o777
  const free = await sockets.reserve([`unix://${path}`])
  assert.equal(mode(), 0o600)
  const lease = await sockets.stream(`unix://${path}`, new Taker().stream)
  assert.equal(mode(), MODE)
  await lease.release()
  const open = { ...new Taker().stream, socketMode: 0o666 }
  const next = await sockets.stream(`unix://${path}`, open)
  assert.equal(mode(), 0o666)
  await free()
  await next.release()
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined)
})

async function send(sender: UdpSocket, port: number, text: string): Promise<void> {
  await new Promise((resolve) => sender.send(text, port, '127.0.0.1', resolve))
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'logboom-pool-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
