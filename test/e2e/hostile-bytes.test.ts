/**
 * Bytes that nobody should send, to every input at once and for as long as
 * `LOGBOOM_FUZZ_SECONDS` says: the collector lives, its memory stays bounded, senders beside are
 * served, and whatever came is an event or counted with a reason.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dropsIn } from '../../src/inputs/support/kernel-drops.ts'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { freePort } from '../support/free-port.ts'
import { HostileBytes, type Protocol } from '../support/hostile-bytes.ts'
import { until } from '../support/wait.ts'

const SECONDS = Number(process.env['LOGBOOM_FUZZ_SECONDS'] ?? 3)
const SEED = Number(process.env['LOGBOOM_FUZZ_SEED'] ?? Date.now() % 1_000_000)
/** Far below what the bytes and bombs that are sent would need if they were all kept. */
const MEMORY_MAX_BYTES = 600 * 1024 * 1024
const STREAM_MAX_BYTES = 300_000
const DATAGRAM_MAX_BYTES = 8000
const PAUSE_MS = 4

interface Ports {
  readonly syslog: number
  readonly gelf: number
  readonly lines: number
  readonly gelfHttp: number
}

function config({ forward, http }: Places, ports: Ports): string {
  const input = (name: string, type: string, scheme: string, port: number) =>
    `  ${name}: { type: ${type}, listen: "${scheme}://127.0.0.1:${port}" }`
  return `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${http}" }
inputs:
${input('syslog-udp', 'syslog', 'udp', ports.syslog)}
${input('syslog-tcp', 'syslog', 'tcp', ports.syslog)}
${input('gelf-udp', 'gelf', 'udp', ports.gelf)}
  gelf-tcp:
    type: gelf
    listen: "tcp://127.0.0.1:${ports.gelf}"
    http_listen: "tcp://127.0.0.1:${ports.gelfHttp}"
${input('udp', 'udp', 'udp', ports.lines)}
${input('tcp', 'tcp', 'tcp', ports.lines)}
${input('http', 'http', 'tcp', forward)}
outputs: { files: { type: file, path: "./logs/all.log" } }
pipeline: [{ match: "**", to: files }]
`
}

class Attack {
  readonly #end = performance.now() + SECONDS * 1000
  #seed = SEED
  readonly good = new Map<string, number>()
  readonly datagrams = new Map<string, { count: number; bytes: number }>()
  readonly streamBytes = new Map<string, number>()
  lines = 0

  get #isOver(): boolean {
    return performance.now() > this.#end
  }

  /** Connections one after the other, each with a run of bytes in two writes, then closed. */
  async streams(input: string, protocol: Protocol, port: number): Promise<void> {
    const hostile = new HostileBytes(protocol, this.#seed++)
    while (!this.#isOver) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => socket.destroy())
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.resume()
      const bytes = Buffer.concat([hostile.next(STREAM_MAX_BYTES), hostile.next(STREAM_MAX_BYTES)])
      const cut = bytes.length >> 1
      socket.write(bytes.subarray(0, cut))
      await sleep(PAUSE_MS)
      socket.end(bytes.subarray(cut))
      await Promise.race([closed, sleep(2000)])
      socket.destroy()
      this.streamBytes.set(input, (this.streamBytes.get(input) ?? 0) + bytes.length)
      if (protocol === 'lines') this.lines += countLines(bytes)
    }
  }

  async packets(input: string, protocol: Protocol, port: number): Promise<void> {
    const hostile = new HostileBytes(protocol, this.#seed++)
    const socket = createSocket('udp4')
    const sent = { count: 0, bytes: 0 }
    this.datagrams.set(input, sent)
    for (let count = 0; !this.#isOver; count++) {
      const bytes = hostile.next(DATAGRAM_MAX_BYTES)
      await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve))
      sent.count++
      sent.bytes += bytes.length
      if (count % 4 === 3) await sleep(PAUSE_MS)
    }
    socket.close()
  }

  /** What a good sender sends in the meantime, one after the other. */
  async goodOnes(name: string, send: (text: string) => Promise<void>): Promise<void> {
    let count = 0
    for (; !this.#isOver; count++) {
      await send(`good-${name}-${count}-`)
      await sleep(PAUSE_MS)
    }
    this.good.set(name, count)
  }
}

test(`bytes that nobody should send, seed ${SEED}`, async (t) => {
  const ports = {
    syslog: await freePort(),
    gelf: await freePort(),
    lines: await freePort(),
    gelfHttp: await freePort(),
  }
  await using collector = await CollectorProcess.start({
    config: (places) => config(places, ports),
  })
  const http = collector.places.forward
  const attack = new Attack()
  const sockets = await Promise.all(
    [ports.syslog, ports.gelf, ports.lines].map((port) => connected(port)),
  )
  const [syslog, gelf, lines] = sockets as [Socket, Socket, Socket]
  await Promise.all([
    attack.streams('syslog-tcp', 'syslog', ports.syslog),
    attack.streams('gelf-tcp', 'gelf', ports.gelf),
    attack.streams('tcp', 'lines', ports.lines),
    attack.streams('http', 'http', http),
    attack.streams('http', 'http', ports.gelfHttp),
    attack.packets('syslog-udp', 'syslog', ports.syslog),
    attack.packets('gelf-udp', 'gelf', ports.gelf),
    attack.packets('udp', 'lines', ports.lines),
    attack.goodOnes('syslog', (text) => written(syslog, `<30>Nov 26 11:59:58 h app: ${text}\n`)),
    attack.goodOnes('gelf', (text) => written(gelf, `{"short_message":"${text}"}\0`)),
    attack.goodOnes('lines', (text) => written(lines, `${text}\n`)),
    attack.goodOnes('http', (text) => posted(`http://127.0.0.1:${http}/good`, text, 200)),
    attack.goodOnes('posted', (text) =>
      posted(`http://127.0.0.1:${ports.gelfHttp}/gelf`, text, 202),
    ),
  ])
  for (const socket of sockets) socket.end()
  await checkGood(collector, attack)
  await checkCounts(collector, attack, ports)
  const peak = peakBytes(collector.process.child.pid!)
  t.diagnostic(`${(await collector.ledger()).received} events, peak ${peak >> 20} MiB`)
  assert.ok(peak < MEMORY_MAX_BYTES, `${peak} bytes`)
  const { delivered } = await collector.stop()
  assert.equal((await collector.lines()).length, delivered)
})

/** Each good event is in the file, once. */
async function checkGood(collector: CollectorProcess, { good }: Attack): Promise<void> {
  const found = async () => {
    const counts = new Map<string, number>()
    for (const line of await collector.lines())
      for (const [text] of JSON.stringify(line).matchAll(/good-[a-z]+-\d+-/g))
        counts.set(text, (counts.get(text) ?? 0) + 1)
    return counts
  }
  const total = [...good.values()].reduce((sum, count) => sum + count, 0)
  await until('the good events are there', async () => (await found()).size >= total)
  const counts = await found()
  for (const [name, count] of good)
    for (let number = 0; number < count; number++)
      assert.equal(counts.get(`good-${name}-${number}-`), 1, `${name} ${number}`)
}

/** What came and what was made of it, by the collector's own metrics. */
async function checkCounts(collector: CollectorProcess, attack: Attack, ports: Ports) {
  const metrics = await untilRead(collector, attack, ports)
  const [events, empty] = ['events_received_total', 'empty_datagrams_total']
  const kept = metrics('syslog-udp', events) + metrics('syslog-udp', empty)
  assert.equal(kept, metrics('syslog-udp', 'datagrams_total'))
  // A datagram of the `udp` input may be several lines, and one of GELF a part of a message.
  const wanted = attack.lines + attack.good.get('lines')!
  assert.equal(metrics('tcp', events), wanted)
}

/** Each datagram was read, or thrown away by the kernel, which says so. Returns the metrics. */
async function untilRead(collector: CollectorProcess, { datagrams }: Attack, ports: Ports) {
  const portOf = { 'syslog-udp': ports.syslog, 'gelf-udp': ports.gelf, udp: ports.lines }
  for (const [input, port] of Object.entries(portOf)) {
    const { count, bytes } = datagrams.get(input)!
    let dropped = 0
    await until(`${input} has read ${count} datagrams`, async () => {
      dropped = dropsIn(readFileSync('/proc/net/udp', 'latin1'), { host: '127.0.0.1', port })!
      return (await metricsOf(collector))(input, 'datagrams_total') + dropped >= count
    })
    const metrics = await metricsOf(collector)
    assert.equal(metrics(input, 'datagrams_total') + dropped, count)
    if (dropped === 0) assert.equal(metrics(input, 'datagram_bytes_total'), bytes)
  }
  return metricsOf(collector)
}

async function metricsOf(collector: CollectorProcess) {
  const text = await (await collector.get('/metrics')).text()
  return (input: string, name: string): number => {
    const pattern = new RegExp(`^logboom_input_${name}\\{input="${input}"[^}]*\\} (\\d+)$`, 'm')
    const value = pattern.exec(text)?.[1]
    assert.ok(value !== undefined, `no ${name} of ${input}`)
    return Number(value)
  }
}

function peakBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** Without the empty ones; a carriage return before a line break belongs to that. */
function countLines(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n')
  const last = lines.pop()
  return lines.filter((line) => line !== '' && line !== '\r').length + (last === '' ? 0 : 1)
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

function written(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Sent again, as a good sender does, where the collector has no room for it just now. */
async function posted(url: string, text: string, status: number): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ short_message: text })
  for (;;) {
    const response = await fetch(url, { method: 'POST', headers, body })
    const answer = await response.text()
    if (response.status !== 429 && response.status !== 503)
      return assert.equal(response.status, status, answer)
    assert.ok(response.headers.get('retry-after'), answer)
    await sleep(PAUSE_MS)
  }
}
