/**
 * What is known of the container that a file is of: Docker writes it beside the file, Kubernetes
 * into its path.
 */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../../pipeline/clock.ts'
import type { Logger } from '../../../pipeline/logger.ts'
import { causeCode } from './cause-code.ts'
import { type ConstantFields, constantFields } from './made-entries.ts'

/** A container may be renamed while it runs. */
const LOOK_EVERY_MS = 5000
const CONFIG_MAX_BYTES = 4 * 1024 * 1024
const NAME = 'config.v2.json'

export type ContainerValues = Readonly<Record<string, string>>
type Fields = readonly (readonly [string, unknown])[]

/** Names a tag may take for `format: docker` and `docker_files`. */
export const DOCKER_NAMES = ['container_name', 'container_id', 'image_name'] as const
/** And for `format: cri`. */
export const CRI_NAMES = ['namespace', 'pod', 'container'] as const

interface DockerConfig {
  readonly ID?: unknown
  readonly Name?: unknown
  readonly Config?: { readonly Image?: unknown; readonly Labels?: unknown } | null
}

/** Of `CONTAINER/config.v2.json`, read again when it has changed. */
export class DockerContainer {
  /** For tags. */
  values: ContainerValues = {}
  #fields: ConstantFields
  readonly #path: string
  readonly #more: Fields
  readonly #clock: Clock
  readonly #logger: Logger
  #lookedAtMs: number
  #changedMs = -1

  constructor(logPath: string, more: Fields, clock: Clock, logger: Logger) {
    this.#path = join(dirname(logPath), NAME)
    this.#more = more
    this.#clock = clock
    this.#logger = logger
    this.#fields = constantFields(more)
    this.#lookedAtMs = clock.monotonic()
  }

  /** What every event gets; looks by and by whether that has changed. */
  get fields(): ConstantFields {
    const now = this.#clock.monotonic()
    if (now - this.#lookedAtMs >= LOOK_EVERY_MS) {
      this.#lookedAtMs = now
      void this.load()
    }
    return this.#fields
  }

  /** Without the file, as for one that was copied elsewhere, there is nothing to say. */
  async load(): Promise<void> {
    try {
      const { mtimeMs, size } = await stat(this.#path)
      if (mtimeMs === this.#changedMs || size > CONFIG_MAX_BYTES) return
      this.#take(JSON.parse(await readFile(this.#path, 'utf8')) as DockerConfig)
      this.#changedMs = mtimeMs
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(causeCode(error))) return
      const fields = { path: this.#path, error }
      this.#logger.warn(fields, 'cannot read what Docker says of a container; will try again')
    }
  }

  #take({ ID, Name, Config }: DockerConfig): void {
    const text = (value: unknown) => (typeof value === 'string' ? value : '')
    const values = {
      container_id: text(ID) || basename(dirname(this.#path)),
      container_name: text(Name).replace(/^\//, ''),
      image_name: text(Config?.Image),
    }
    const labels = Config?.Labels
    const hasLabels =
      typeof labels === 'object' && labels !== null && Object.keys(labels).length > 0
    const known = Object.entries(values).filter(([, value]) => value !== '')
    this.values = values
    this.#fields = constantFields([
      ...known,
      ...(hasLabels ? [['labels', labels] as const] : []),
      ...this.#more,
    ])
  }
}

/** `…/pods/NAMESPACE_POD_UID/CONTAINER/0.log` or `…/containers/POD_NAMESPACE_CONTAINER-ID.log`. */
export function kubernetesValues(path: string): ContainerValues {
  const inPods = /\/([^/_]+)_([^/_]+)_([^/_]+)\/([^/]+)\/[^/]+$/.exec(path)
  if (inPods) {
    const [, namespace = '', pod = '', pod_uid = '', container = ''] = inPods
    return { namespace, pod, container, pod_uid }
  }
  const inContainers = /([^/_]+)_([^/_]+)_([^/]+)-([0-9a-f]{64})\.log$/.exec(path)
  if (!inContainers) return {}
  const [, pod = '', namespace = '', container = '', container_id = ''] = inContainers
  return { namespace, pod, container, container_id }
}
