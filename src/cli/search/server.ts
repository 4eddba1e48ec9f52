/** The server behind an output of the configuration, asked for events. */
import type { Config, OutputConfig } from '../../config/model.ts'
import { hint } from '../../config/nearest.ts'
import { elasticsearchTransport } from '../../outputs/elasticsearch/transport.ts'
import type { ElasticsearchConfig } from '../../outputs/elasticsearch/schema.ts'
import type { OpensearchConfig } from '../../outputs/opensearch/schema.ts'
import { opensearchTransport } from '../../outputs/opensearch/transport.ts'
import type { BulkConfig } from '../../outputs/support/bulk/schema.ts'
import { reasonOf } from '../../outputs/support/bulk/setup/store.ts'
import { targetPattern } from '../../outputs/support/bulk/target.ts'
import type { ServerReply, Transport } from '../../outputs/support/bulk/transport.ts'
import { systemTimers } from '../../pipeline/clock.ts'
import { readSearchAnswer, readReason, type SearchAnswer } from '../../search/server/answer.ts'
import type { Json } from '../../search/server/query-body.ts'
import { CommandError, UsageError } from '../command.ts'

const SEARCHABLE = ['elasticsearch', 'opensearch']

export class SearchedServer {
  readonly timeField: string
  /** Name or pattern of what is searched. */
  readonly target: string
  readonly #name: string
  readonly #transport: Transport

  constructor(name: string, { type, options }: OutputConfig) {
    const config = options as unknown as BulkConfig
    this.#name = name
    this.timeField = config.time_field
    this.target = targetPattern(config)
    this.#transport =
      type === 'elasticsearch'
        ? elasticsearchTransport(options as unknown as ElasticsearchConfig, systemTimers)
        : opensearchTransport(options as unknown as OpensearchConfig, systemTimers)
  }

  /** Rejects with `CommandError`. */
  async search(body: Json): Promise<SearchAnswer> {
    const reply = await this.#request(JSON.stringify(body))
    const text = Buffer.from(reply.body).toString()
    if (reply.status !== 200) {
      const reason = readReason(text) ?? reasonOf(reply)
      throw new CommandError(`${reply.node} answers ${reply.status}: ${reason}`)
    }
    try {
      return readSearchAnswer(text)
    } catch (cause) {
      const message = `cannot read the answer of ${reply.node}: ${(cause as Error).message}`
      throw new CommandError(message, { cause })
    }
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  async #request(body: string): Promise<ServerReply> {
    // Before the first event there is nothing to search, which is no fault.
    const query = { ignore_unavailable: 'true', allow_no_indices: 'true' }
    const path = `/${encodeURIComponent(this.target)}/_search`
    const request = { method: 'POST', path, query, body } as const
    try {
      return await this.#transport.request(request, new AbortController().signal)
    } catch (cause) {
      const message = `cannot ask the server of ${this.#name}: ${(cause as Error).message}`
      throw new CommandError(message, { cause })
    }
  }
}

/** The output of that name, or the only one that can be searched. Throws `UsageError`. */
export function searchedOutput(config: Config, name: string | undefined): SearchedServer {
  const outputs = Object.entries(config.outputs).filter(([, { type }]) => SEARCHABLE.includes(type))
  const names = outputs.map(([known]) => known)
  if (name === undefined && outputs.length === 1) return new SearchedServer(...outputs[0]!)
  const found = outputs.find(([known]) => known === name)
  if (found) return new SearchedServer(...found)
  const kinds = `an output of type ${SEARCHABLE.join(' or ')}`
  if (names.length === 0)
    throw new UsageError(`the configuration has nothing to search: no ${kinds}`)
  if (name === undefined)
    throw new UsageError(`--output is missing; expected one of: ${names.join(', ')}`)
  const known = names.join(', ')
  throw new UsageError(`"${name}" is not ${kinds}${hint(name, names)}; expected one of: ${known}`)
}
