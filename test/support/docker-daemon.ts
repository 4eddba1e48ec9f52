/**
 * A real Docker daemon of the test's own: everything it makes is in one temporary folder, it has
 * no network and no images but the one made here from busybox. Needs root, `dockerd`, `docker`
 * and `busybox`; the log drivers connect from the daemon, so containers need no network.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { run, runWell, Running, type Ended } from './child.ts'
import { requireRoot, requireTool } from './tool.ts'
import { until } from './wait.ts'

const IMAGE = 'logboom-test'
/** Far more than any command needs; a container whose log cannot be sent may hang for ever. */
const COMMAND_LIMIT_MS = 180_000
const REMOVE_LIMIT_MS = 15_000
const APPLETS = ['awk', 'cat', 'echo', 'env', 'head', 'printf', 'seq', 'sh', 'sleep', 'tr', 'yes']

export interface ContainerOptions {
  /** Shell commands the container runs. */
  readonly script: string
  readonly name?: string
  /** The log driver; `fluentd` if it is left out. */
  readonly driver?: string
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
      `--data-root=${this.root}`,
      `--exec-root=${join(folder, 'exec')}`,
      `--pidfile=${join(folder, 'dockerd.pid')}`,
      `--host=unix://${this.#socket}`,
      '--iptables=false',
      '--ip6tables=false',
      '--bridge=none',
      '--storage-driver=vfs',
      '--shutdown-timeout=5',
    ])
  }

  /** What `docker info` calls Docker Root Dir. */
  get root(): string {
    return join(this.#folder, 'data')
  }

  get #socket(): string {
    return join(this.#folder, 'docker.sock')
  }

  /** Any `docker` command; throws on an exit code other than 0. */
  docker(...args: readonly string[]): Promise<string> {
    return runWell(this.#tools.docker, this.#arguments(args), { limitMs: COMMAND_LIMIT_MS })
  }

  /** Runs a container to its end, and removes it. */
  async run(options: ContainerOptions): Promise<void> {
    await this.docker('run', '--rm', ...runArguments(options))
  }

  /**
   * Starts a container and returns its id. It should outlive its
   * output (`sleep`): Docker throws away what it has not sent ten seconds after a container ended.
   */
  async launch(options: ContainerOptions): Promise<string> {
    return (await this.docker('run', '--detach', ...runArguments(options))).trim()
  }

  /** Ends containers made by `launch` and removes them. */
  async remove(...ids: readonly string[]): Promise<void> {
    await this.docker('rm', '--force', ...ids)
  }

  /** Ends containers, daemon and its containerd, and removes every file of theirs. */
  async stop(): Promise<void> {
    if (this.#process.alive) await this.#removeContainers()
    await this.#process.end(20_000)
    await killProcessesOf(this.#folder)
    await unmountBelow(this.#folder)
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #answers(): Promise<boolean> {
    if (!this.#process.alive) throw new Error('the Docker daemon ended')
    return (await this.#tryDocker('version')).code === 0
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
    const ids = (await this.#tryDocker('ps', '--all', '--quiet')).stdout.toString().split('\n')
    const present = ids.filter((id) => id !== '')
    if (present.length > 0) await this.#tryDocker('rm', '--force', ...present)
  }

  #tryDocker(...args: readonly string[]): Promise<Ended> {
    return run(this.#tools.docker, this.#arguments(args), { limitMs: REMOVE_LIMIT_MS })
  }

  #arguments(args: readonly string[]): string[] {
    return ['--host', `unix://${this.#socket}`, ...args]
  }
}

function runArguments(options: ContainerOptions): string[] {
  return [
    '--network=none',
    `--log-driver=${options.driver ?? 'fluentd'}`,
    ...Object.entries(options.log).map(([key, value]) => `--log-opt=${key}=${value}`),
    ...(options.name === undefined ? [] : [`--name=${options.name}`]),
    ...(options.args ?? []),
    IMAGE,
    '/bin/sh',
    '-c',
    options.script,
  ]
}

/** What a killed daemon leaves running: containerd, the shims, and the containers under them. */
async function killProcessesOf(folder: string): Promise<void> {
  const all = (await Promise.all((await readdir('/proc')).map(readProcess))).filter(
    (found) => found !== undefined,
  )
  const ours = new Set(all.filter((found) => found.command.includes(folder)).map(({ id }) => id))
  for (const { id, parent } of all) if (ours.has(parent)) ours.add(id)
  ours.delete(process.pid)
  for (const id of ours) killIfThere(id)
  await until('they have ended', () => [...ours].every((id) => !existsSync(`/proc/${id}/exe`)))
}

function killIfThere(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause
  }
}

interface ProcessFacts {
  readonly id: number
  readonly parent: number
  readonly command: string
}

async function readProcess(name: string): Promise<ProcessFacts | undefined> {
  if (!/^\d+$/.test(name)) return undefined
  try {
    const status = await readFile(`/proc/${name}/status`, 'utf8')
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])
    return { id: Number(name), parent, command: await readFile(`/proc/${name}/cmdline`, 'utf8') }
  } catch (_ended) {
    return undefined
  }
}

/** A killed daemon leaves its mounts too; the deepest come last in the list. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n')
  const targets = mounts.map((line) => line.split(' ')[1] ?? '')
  const ours = targets.filter((target) => target.startsWith(`${folder}/`)).reverse()
  for (const target of ours) await runWell('umount', ['-l', target])
}
