/** Records as Docker's fluentd log driver makes them of a line longer than 16 KiB. */

export const DOCKER_PART_BYTES = 16 * 1024

export interface DockerStream {
  readonly container?: string
  readonly source?: string
}

/** What a part has beside `log`; `id` is the same for all parts of a line. */
export interface PartMark {
  readonly id: string
  readonly ordinal: number
  readonly isLast: boolean
}

export function dockerRecord(log: string | Uint8Array, stream: DockerStream = {}) {
  return {
    container_id: stream.container ?? 'c1',
    container_name: `/${stream.container ?? 'c1'}`,
    source: stream.source ?? 'stdout',
    log,
  }
}

export function dockerPart(log: string | Uint8Array, mark: PartMark, stream: DockerStream = {}) {
  return {
    partial_message: 'true',
    partial_id: mark.id,
    ...dockerRecord(log, stream),
    partial_ordinal: String(mark.ordinal),
    partial_last: String(mark.isLast),
  }
}

/** The records of one line, cut every `size` bytes; one that needs no cutting is no part. */
export function dockerLine(
  text: Uint8Array,
  { id, size = DOCKER_PART_BYTES, ...stream }: DockerStream & { id: string; size?: number },
) {
  const count = Math.max(1, Math.ceil(text.length / size))
  if (count === 1) return [dockerRecord(text, stream)]
  return Array.from({ length: count }, (_, index) => {
    const log = text.subarray(index * size, (index + 1) * size)
    const mark = { id, ordinal: index + 1, isLast: index === count - 1 }
    return dockerPart(log, mark, stream)
  })
}

/** The same as Docker up to 18.09 made them: no id, no ordinal, no mark on the last. */
export function oldDockerLine(text: Uint8Array, options: DockerStream & { size?: number } = {}) {
  const records = dockerLine(text, { id: '', ...options })
  return records.map((record, index) => {
    const plain = dockerRecord(record.log, options)
    return index === records.length - 1 ? plain : { partial_message: 'true', ...plain }
  })
}
