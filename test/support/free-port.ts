/** Ports for processes that must come back on the same address after a restart. */
import { createServer } from 'node:net'

/** Below the range the kernel takes ports for outgoing connections and port 0 from. */
const LOWEST = 12_000
const HIGHEST = 32_000

/** A TCP port of the loopback interface that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
