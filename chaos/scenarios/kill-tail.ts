/**
 * What is written to files that are rotated meanwhile is in the output, however the process ends;
 * events of several lines are whole.
 */
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../test/support/wait.ts'
import { fileOutput } from '../harness/configs.ts'
import { FileSender, type FileSenderOptions } from '../harness/file-sender.ts'
import { tagOf } from '../harness/frames.ts'
import { killAgainAndAgain, untilNoted } from '../harness/kills.ts'
import type { Places, Scenario, World } from '../harness/scenario.ts'

/** What may come twice of each file after a kill: a block on its way, and one not noted yet. */
const UNNOTED_BYTES = 2 * 256 * 1024
const ARRIVED_MS = 60_000
const LINE_BYTES_MAX = 1000

export const killTail: Scenario = {
  name: 'kill-tail',
  summary: 'kill -9 while files are followed, written and rotated, file output',
  config,
  senders,
  async disturb(world) {
    await killAgainAndAgain(world)
    const files = world.senders as readonly FileSender[]
    for (const { name, rotations } of files)
      if (rotations === 0) world.fault(`${name}.log was never rotated: nothing is shown`)
  },
  async repair(world) {
    await untilArrived(world)
    await untilNoted(world)
    const files = world.senders as readonly FileSender[]
    const unnoted = files.reduce((all, file) => all + file.eventsIn(UNNOTED_BYTES), 0)
    world.mayRepeat(world.collector.kills * unnoted)
  },
}

function config({ http }: Places): string {
  const tag = '"chaos.${stem}"'
  const expression = '^#(?<s>\\S+) (?<n>\\d+)\\n(?<log>(?s:.*))$'
  return `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${http}" }
inputs:
  lines: { type: tail, path: ./json/*.log, tag: ${tag}, format: json, rotate_wait: 2s }
  events:
    type: tail
    path: ./multiline/*.log
    tag: ${tag}
    rotate_wait: 2s
    multiline: { start: '^#' }
    format: { type: regexp, expression: '${expression}' }
outputs:
${fileOutput('files')}
pipeline:
  - match: "**"
    to: files
`
}

function senders({ folder }: Places): FileSender[] {
  const sender = (name: string, options: Partial<FileSenderOptions> = {}) =>
    new FileSender({
      ...{ folder: join(folder, 'json'), name, burstEvents: 20, rotateEvents: 1000 },
      eventOf: jsonLine,
      ...options,
    })
  return [
    sender('renamed'),
    sender('compressed', { compresses: true }),
    sender('large', { burstEvents: 200, rotateEvents: 20_000 }),
    sender('multiline', { folder: join(folder, 'multiline'), eventOf: threeLines }),
  ]
}

function jsonLine(name: string, number: number): string {
  return `{"s":"${name}","n":${number},"log":"${'x'.repeat(100)}"}\n`
}

function threeLines(name: string, number: number): string {
  return `#${name} ${number}\n${'x'.repeat(50)}\n  ${'y'.repeat(50)}\n`
}

/** Each sender has an output file of its own, in which the last event comes last. */
async function untilArrived({ senders: all, places }: World): Promise<void> {
  for (const { name, sent } of all) {
    const path = join(places.folder, 'logs', `${tagOf(name)}.log`)
    const end = new RegExp(`"n":"?${sent - 1}\\b.*\\n$`)
    const isThere = async () => existsSync(path) && end.test(await endOf(path))
    await until(`the last event of ${name} has arrived`, isThere, ARRIVED_MS)
  }
}

async function endOf(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.min(size, LINE_BYTES_MAX))
    await file.read(bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('latin1')
  } finally {
    await file.close()
  }
}
