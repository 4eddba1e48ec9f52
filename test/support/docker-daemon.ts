/**
 * A real Docker daemon of the test's own: everything it makes is in one temporary folder, it has
 * no network and no images but the one made here from busybox. Needs root, `dockerd`, `docker`
 * and `busybox`; the log drivers connect from the daemon, so containers need no network.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { run, runWell, Running, type Ended } from './child.ts'
import { requireRoot, requireTool } from './tool.ts'
import { until } from './wait.ts'

const IMAGE = 'logboom-test'
const APPLETS = ['cat', 'echo', 'env', 'head', 'printf', 'seq', 'sh', 'sleep', 'tr', 'yes']

export interface ContainerOptions {
  /** Shell commands the container runs. */
  readonly script: string
  readonly name?: string
  /** `--log-opt` values; `fluentd-address` is one of them. */
  readonly log: Readonly<Record<string, string>>
  /** More arguments of `docker run`, before the image. */
  readonly args?: readonly string[]
}

/** What a daemon needs on this machine, or undefined after skipping the test; throws in CI. */
export function requireDocker(t: TestContext): DockerTools | undefined {
  const dockerd = requireTool(t, 'dockerd')
  const docker = dockerd && requireTool(t, 'docker')
  const busybox = docker && requireTool(t, 'busybox')
  if (!dockerd || !docker || !busybox || !requireRoot(t)) return undefined
  return { dockerd, docker, busybox }
}

export interface DockerTools {
  readonly dockerd: string
  readonly docker: string
  readonly busybox: string
}

export class DockerDaemon implements AsyncDisposable {
  readonly #tools: DockerTools
  readonly #folder: string
  readonly #process: Running

  static async start(tools: DockerTools): Promise<DockerDaemon> {
    const daemon = new DockerDaemon(tools, await mkdtemp(join(tmpdir(), 'logboom-dockerd-')))
    try {
      await until('the Docker daemon listens', () => daemon.#answers(), 60_000)
      await daemon.#makeImage()
      return daemon
    } catch (cause) {
      const output = daemon.#process.output
      await daemon.stop()
      throw new Error(`cannot start a Docker daemon:\n${output.slice(-4000)}`, { cause })
    }
  }

  private constructor(tools: DockerTools, folder: string) {
    this.#tools = tools
    this.#folder = folder
    this.#process = new Running(tools.dockerd, [
      `--data-root=${join(folder, 'data')}`,
      `--exec-root=${join(folder, 'exec')}`,
      `--pidfile=${join(folder, 'dockerd.pid')}`,
      `--host=unix://${this.#socket}`,
      '--iptables=false',
      '--ip6tables=false',
      '--bridge=none',
      '--storage-driver=vfs',
    ])
  }

  get #socket(): string {
    return join(this.#folder, 'docker.sock')
  }

  /** Any `docker` command; throws on an exit code other than 0. */
  docker(...args: readonly string[]): Promise<string> {
    return runWell(this.#tools.docker, ['--host', `unix://${this.#socket}`, ...args])
  }

  /** As `docker`, for commands that are expected to fail. */
  tryDocker(...args: readonly string[]): Promise<Ended> {
    return run(this.#tools.docker, ['--host', `unix://${this.#socket}`, ...args])
  }

  /** Runs a container with the fluentd log driver to its end, and removes it. */
  async run(options: ContainerOptions): Promise<void> {
    await this.docker('run', '--rm', ...runArguments(options))
  }

  /** Starts a container with the fluentd log driver and returns its id. */
  async launch(options: ContainerOptions): Promise<string> {
    return (await this.docker('run', '--detach', ...runArguments(options))).trim()
  }

  /** Waits for the end of containers made by `launch`, and removes them. */
  async finish(...ids: readonly string[]): Promise<void> {
    await this.docker('wait', ...ids)
    await this.docker('rm', ...ids)
  }

  /** Ends containers, daemon and its containerd, and removes every file of theirs. */
  async stop(): Promise<void> {
    if (this.#process.alive) await this.#removeContainers()
    const containerd = await readPid(join(this.#folder, 'exec', 'containerd', 'containerd.pid'))
    await this.#process.end(30_000)
    if (containerd !== undefined) await this.#endContainerd(containerd)
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #answers(): Promise<boolean> {
    if (!this.#process.alive) throw new Error('the Docker daemon ended')
    return (await this.tryDocker('version')).code === 0
  }

  async #makeImage(): Promise<void> {
    const root = join(this.#folder, 'image')
    await mkdir(join(root, 'bin'), { recursive: true })
    await copyFile(this.#tools.busybox, join(root, 'bin', 'busybox'))
    for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet))
    const archive = join(this.#folder, 'image.tar')
    await runWell('tar', ['-c', '-f', archive, '-C', root, '.'])
    await this.docker('import', archive, IMAGE)
  }

  async #removeContainers(): Promise<void> {
    const ids = (await this.tryDocker('ps', '--all', '--quiet')).stdout.toString().split('\n')
    const left = ids.filter((id) => id !== '')
    if (left.length > 0) await this.tryDocker('rm', '--force', ...left)
  }

  /** The daemon ends its containerd itself, unless it was killed; then that is done here. */
  async #endContainerd(pid: number): Promise<void> {
    const isOurs = async () => (await commandLine(pid)).includes(this.#folder)
    const gone = async () => !(await isOurs())
    if (await isOurs()) process.kill(pid, 'SIGTERM')
    await until('containerd has ended', gone)
  }
}

function runArguments(options: ContainerOptions): string[] {
  return [
    '--network=none',
    '--log-driver=fluentd',
    ...Object.entries(options.log).map(([key, value]) => `--log-opt=${key}=${value}`),
    ...(options.name === undefined ? [] : [`--name=${options.name}`]),
    ...(options.args ?? []),
    IMAGE,
    '/bin/sh',
    '-c',
    options.script,
  ]
}

async function readPid(path: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(path, 'utf8'), 10)
  } catch (_notThere) {
    return undefined
  }
}

/** Empty once the process is gone, so a reused process id is never taken for ours. */
async function commandLine(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8')
  } catch (_ended) {
    return ''
  }
}
