import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../src/log.ts'
import { ManualTime } from './drivers/context.ts'

type Line = Record<string, unknown>

async function capture(level: 'debug' | 'info' = 'info') {
  const lines: Line[] = []
  const destination = { write: (text: string) => lines.push(JSON.parse(text) as Line) }
  const timers = new ManualTime()
  const log = await createLog({ level, format: 'json', destination, timers })
  const messages = () => lines.map(({ msg, suppressed }) => [msg, suppressed])
  return { log, lines, timers, messages }
}

test('writes level, time, fields and message', async () => {
  const { log, lines } = await capture()
  log.child({ input: 'docker' }).warn({ peer: '127.0.0.1' }, 'peer refused')
  const { time, ...rest } = lines[0]!
  assert.ok(!Number.isNaN(Date.parse(String(time))))
  assert.deepEqual(rest, {
    level: 'warn',
    input: 'docker',
    peer: '127.0.0.1',
    msg: 'peer refused',
  })
})

test('an error is its message and code, without a stack', async () => {
  const { log, lines } = await capture()
  const error = Object.assign(new Error('disk full'), { code: 'ENOSPC' })
  log.error({ error }, 'cannot write')
  log.error({ error: new Error('plain') }, 'cannot write')
  assert.deepEqual(lines[0]?.['error'], { message: 'disk full', code: 'ENOSPC' })
  assert.equal(lines[1]?.['error'], 'plain')
})

test('takes over another level, also where a component has it already', async () => {
  const { log, messages } = await capture()
  const child = log.child({ input: 'docker' })
  child.debug({}, 'one')
  await log.configure({ level: 'debug', format: 'json' })
  child.debug({}, 'two')
  await log.configure({ level: 'error', format: 'json' })
  child.warn({}, 'three')
  log.error({}, 'four')
  assert.deepEqual(
    messages().map(([message]) => message),
    ['two', 'four'],
  )
})

test('keeps its level', async () => {
  const { log, lines } = await capture()
  log.debug({}, 'detail')
  assert.deepEqual(lines, [])
})

test('counts a message that repeats instead of writing it', async () => {
  const { log, timers, messages } = await capture()
  const shown = Array<unknown>(5).fill(['again', undefined])
  for (let count = 0; count < 12; count++) log.warn({ count }, 'again')
  assert.deepEqual(messages(), shown)
  timers.advance(10_000)
  assert.deepEqual(messages(), [...shown, ['again', 7]])
  log.warn({}, 'again')
  timers.advance(10_000)
  assert.deepEqual(messages(), [...shown, ['again', 7], ['again', undefined]])
  assert.equal(timers.pending, 0)
})

test('counts per component, message and level', async () => {
  const { log, lines } = await capture('debug')
  const [one, two] = [log.child({ input: 'one' }), log.child({ input: 'two' })]
  for (let count = 0; count < 7; count++) {
    one.info({}, 'a')
    two.info({}, 'a')
    one.error({}, 'a')
    one.info({}, 'b')
    one.debug({}, 'never limited')
  }
  assert.equal(lines.length, 4 * 5 + 7)
})

test('reports at the end what was kept back', async () => {
  const { log, timers, messages } = await capture()
  for (let count = 0; count < 6; count++) log.info({}, 'again')
  log.flush()
  log.flush()
  assert.deepEqual(messages().at(-1), ['again', 1])
  assert.equal(messages().length, 6)
  assert.equal(timers.pending, 0)
})
