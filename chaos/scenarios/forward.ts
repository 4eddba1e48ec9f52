/** The `forward` output: killed itself, and before a peer that is away or answers nonsense. */
import { freePort } from '../../test/support/free-port.ts'
import { until } from '../../test/support/wait.ts'
import { BadPeer, MANNERS, type Manner } from '../harness/bad-peer.ts'
import { configWith } from '../harness/configs.ts'
import { killAgainAndAgain, untilNoted } from '../harness/kills.ts'
import { CHUNK_EVENTS, forwardOutput, startReceiver } from '../harness/receiver.ts'
import type { Scenario, World } from '../harness/scenario.ts'

const PATIENCE_MS = 30_000
const SECONDS = ', keys: [tag, time], time: { slice: 1s }, keys_open_max: 3'

async function delivered(world: World): Promise<number> {
  return (await world.collector.totals())?.delivered ?? 0
}

async function untilDelivered(world: World, more: number): Promise<void> {
  const enough = (await delivered(world)) + more
  await until('more is delivered', async () => (await delivered(world)) >= enough, PATIENCE_MS)
}

async function misbehave(world: World, peer: BadPeer, manner: Manner): Promise<void> {
  await peer.behave(manner)
  await world.untilAcknowledged(100)
  const failures = await world.collector.metricSum('logboom_output_buffer_retries_total')
  const isSeen = async () =>
    manner === 'slow'
      ? peer.misdeeds > 3
      : (await world.collector.metricSum('logboom_output_buffer_retries_total')) > failures
  await until(`the output has met a peer that is ${manner}`, isSeen, PATIENCE_MS)
  world.disturbed()
  await peer.behave('well')
  await untilDelivered(world, 100)
}

export const forwardPeer: Scenario = {
  name: 'forward-peer',
  summary: 'a forward output to a peer that refuses, is slow, silent, killed, or answers nonsense',
  config: (places) => configWith(places, forwardOutput(places), 'peer'),
  disturb: async (world) => {
    const port = await freePort()
    const receiver = await startReceiver(world, port)
    const peer = new BadPeer(world.places.peer, port)
    world.later(() => peer.close())
    for (let round = 0; world.goesOn(round); round++) {
      for (const manner of MANNERS) await misbehave(world, peer, manner)
      await receiver.kill()
      await world.untilAcknowledged(100)
      await receiver.start()
      world.disturbed()
      await untilDelivered(world, 100)
    }
    world.mayRepeat(peer.connections * CHUNK_EVENTS)
  },
}

export const killForward: Scenario = {
  name: 'kill-forward',
  summary: 'kill -9 under load, forward output to another collector, in chunks by second',
  config: (places) => configWith(places, forwardOutput(places, SECONDS), 'peer'),
  prepare: async (world) => void (await startReceiver(world, world.places.peer)),
  orderScope: 'sender and second',
  disturb: killAgainAndAgain,
  repair: untilNoted,
}
