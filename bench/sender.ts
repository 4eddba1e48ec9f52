/**
 * The sender, a process of its own: takes all bytes into memory, opens its connections, says that
 * it is ready, and on `go` gives each connection's bytes to the system in one write, which then
 * takes them as fast as the collector reads. Connections stay open until the parent disconnects.
 */
import { readWhole } from './traffic/read-whole.ts'
import { connectAll, runSender, tell } from './traffic/sending.ts'

runSender(async ({ file, port, segments }) => {
  const bytes = readWhole(file)
  const sockets = await connectAll(port, segments.length)
  for (const socket of sockets) socket.resume()
  let left = sockets.length
  const sent = () => {
    if (--left === 0) tell({ sent: null })
  }
  return () => {
    for (const [index, socket] of sockets.entries()) {
      const { offset, bytes: length } = segments[index]!
      socket.write(bytes.subarray(offset, offset + length), sent)
    }
  }
})
