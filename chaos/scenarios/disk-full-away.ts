/** The buffer's disk has no room while the peer that would make some by taking events is away. */
import { freePort } from '../../test/support/free-port.ts'
import { BadPeer } from '../harness/bad-peer.ts'
import { configWith } from '../harness/configs.ts'
import { heldBackUntil } from '../harness/held-back.ts'
import { CHUNK_EVENTS, forwardOutput, startReceiver } from '../harness/receiver.ts'
import type { Scenario, World } from '../harness/scenario.ts'
import { SmallDisk } from '../harness/small-disk.ts'

/** With nothing but what is delivered to give the disk room again. */
async function fillWhileAway(world: World, peer: BadPeer, restart: () => Promise<void>) {
  const disk = SmallDisk.at(world, 'data')
  await peer.behave('refuse')
  await world.untilAcknowledged(500)
  await disk.fill()
  await heldBackUntil(world, async () => {
    await restart()
    await peer.behave('well')
  })
  await disk.relieve()
}

export const diskFullAway: Scenario = {
  name: 'disk-full-away',
  summary: 'no room for the buffer while the peer is away, also over a kill; then it comes back',
  config: (places) => configWith(places, forwardOutput(places), 'peer'),
  prepare: (world) => SmallDisk.mount(world, 'data'),
  disturb: async (world) => {
    const { collector } = world
    const port = await freePort()
    await startReceiver(world, port)
    const peer = new BadPeer(world.places.peer, port)
    world.later(() => peer.close())
    for (let round = 0; world.goesOn(round); round++) {
      await fillWhileAway(world, peer, async () => undefined)
      await fillWhileAway(world, peer, async () => {
        // A stop would end with an error: what senders wait for cannot be written.
        await collector.kill()
        await collector.start()
      })
    }
    world.mayRepeat(peer.connections * CHUNK_EVENTS)
  },
}
