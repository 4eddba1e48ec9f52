/**
 * Does what systemd does with a socket unit: opens listening sockets, never accepts on them, and
 * passes them to one process after the other. Needs python3: Node cannot listen without accepting.
 */
import { Running } from './child.ts'
import { until } from './wait.ts'

const HOLDER = `
import os, socket, sys
folder, tcp, udp, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
command = sys.argv[5:]
sockets = [socket.create_server(('127.0.0.1', tcp), backlog=4096)]
sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
sockets[1].bind(('127.0.0.1', udp))
sockets.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
sockets[2].bind(path)
sockets[2].listen(4096)
copies = [os.dup(s.fileno()) for s in sockets]
held = [os.dup2(fd, 100 + i) for i, fd in enumerate(copies)]
print('holding', flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        for index, fd in enumerate(held):
            os.dup2(fd, 3 + index, inheritable=True)
        os.closerange(3 + len(held), 200)
        os.chdir(folder)
        env = dict(os.environ, LISTEN_FDS=str(len(held)), LISTEN_PID=str(os.getpid()))
        os.execve(command[0], command, env)
    print('started', pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print('ended', pid, os.waitstatus_to_exitcode(status), flush=True)
`

export interface HolderOptions {
  /** Where the programs run. */
  readonly folder: string
  readonly tcp: number
  readonly udp: number
  readonly path: string
  readonly command: readonly string[]
}

export class SocketHolder {
  readonly #process: Running
  #starts = 0

  /** Holds the sockets; nothing runs yet. */
  static async open(options: HolderOptions): Promise<SocketHolder> {
    const holder = new SocketHolder(options)
    await until('the sockets are held', () => holder.output.includes('holding'))
    return holder
  }

  private constructor({ folder, tcp, udp, path, command }: HolderOptions) {
    const args = ['-c', HOLDER, folder, String(tcp), String(udp), path, ...command]
    this.#process = new Running('python3', args, { stdin: 'pipe' })
  }

  /** What it and the programs wrote. */
  get output(): string {
    return this.#process.output
  }

  /** Starts the program; resolves with its process id. */
  async start(): Promise<number> {
    this.#process.child.stdin?.write('start\n')
    this.#starts++
    const started = () => [...this.output.matchAll(/^started (\d+)$/gm)]
    await until('the holder has started it', () => {
      if (!this.#process.alive) throw new Error(`the holder has ended:\n${this.output}`)
      return started().length === this.#starts
    })
    return Number(started().at(-1)![1])
  }

  /** Resolves with the exit code of the program with that id. */
  async ended(pid: number): Promise<number> {
    const found = () => new RegExp(`^ended ${pid} (-?\\d+)$`, 'm').exec(this.output)
    return Number((await until(`process ${pid} has ended`, found))[1])
  }

  /** Ends the holder; a program that runs must have been ended before. */
  async close(): Promise<void> {
    this.#process.child.stdin?.end()
    await this.#process.end()
  }
}
