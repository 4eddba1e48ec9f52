/** `logboom search`: asks the Elasticsearch or OpenSearch of an output, and prints the answer. */
import { systemClock } from '../pipeline/clock.ts'
import type { Hit, SearchAnswer } from '../search/server/answer.ts'
import { jsonLine, textLine } from '../search/server/line.ts'
import { searchBody } from '../search/server/search-body.ts'
import type { Command } from './command.ts'
import { EXIT_FAILED, EXIT_OK, print, printError } from './command.ts'
import { parseSearchOptions, type SearchOptions } from './search/options.ts'
import type { SearchedServer } from './search/server.ts'

const help = `Usage: logboom search [OPTIONS] [QUERY]

Looks for events where an output of the configuration has stored them, in Elasticsearch or
OpenSearch, and prints the newest ones, oldest first: time, tag and text.

QUERY:
  error timeout            both words (AND may stand between); case does not matter
  "connection refused"     words side by side
  error OR warn, NOT debug, -debug, (a OR b) c
  container_name:/web1     the exact value of a field; labels.app:shop
  container_name:web*      * for any text, ? for one character
  labels.com_docker_compose_service:db  dots in a name are stored as _ (replace_dots)
  status:[500 TO 599]      a range; {500 TO *], status:>=500, time:>2026-11-26T10:00:00Z
  level:*                  the field is there

Options:
  -o, --output NAME   the output whose server is asked; may be left out if there is one
  --since, --until TIME  2026-11-21T08:50:00Z, or 1h for an hour ago
  -n, --limit N       how many (100); 10,000 at most, older ones with --until
  -f, --follow        then go on with those that come, until Ctrl-C
  --fields A,B        fields where words are looked for, the first is shown (log,message,
                      event.original: what did not fit the mapping)
  --json              one JSON object a line, as in files
  -c, --config FILE   YAML configuration; without it, the built-in one is used
  -h, --help          this text

Exit codes: 0 done, found or not; 1 the server could not be asked; 2 wrong usage.

Examples:
  logboom search -c logboom.yaml --since 1h 'error AND container_name:"/web1"'
  logboom search -c logboom.yaml -f --json 'status:>=500' | jq .log
`

export const search: Command = {
  help,
  async run(args) {
    const options = parseSearchOptions(args)
    const { loadAndReport } = await import('./load.ts')
    const loaded = loadAndReport(options.configPath)
    if (!loaded) return EXIT_FAILED
    const { searchedOutput } = await import('./search/server.ts')
    const server = searchedOutput(loaded.config, options.output)
    endWithReader()
    try {
      await searchIn(server, options)
    } finally {
      await server.close()
    }
    return EXIT_OK
  },
}

async function searchIn(server: SearchedServer, options: SearchOptions): Promise<void> {
  const fields = { text: options.textFields, time: server.timeField }
  const toLine = options.isJson ? jsonLine : textLine
  const show = (hits: readonly Hit[]) => {
    if (hits.length > 0) print(hits.map((hit) => `${toLine(hit, fields)}\n`).join(''))
  }
  const { query, since, until, limit } = options
  // What comes while it is asked is newer than this, by the clock of whoever logged it.
  const started = new Date(systemClock.now()).toISOString()
  const order = 'newest'
  const answer = await server.search(searchBody({ query, since, until, limit, fields, order }))
  const hits = answer.hits.toReversed()
  show(hits)
  reportShards(answer)
  if (!options.isFollowing) return reportCount(answer, server.target)
  const { follow } = await import('./search/follow.ts')
  await follow(server, { query, fields, shown: hits, show, since: hits.at(-1)?.time ?? started })
}

/** On standard error, so that a pipe has the events alone. */
function reportShards({ failedShards, failure }: SearchAnswer): void {
  if (failedShards === 0) return
  printError(`not all was searched: ${failedShards} shards failed, ${failure ?? 'with no reason'}`)
}

/** Whoever sees nothing should not wonder whether the right place was asked. */
function reportCount({ hits, total, isTotalExact }: SearchAnswer, target: string): void {
  if (hits.length === 0) printError(`found nothing in ${target}`)
  else if (total > hits.length || !isTotalExact)
    printError(`the newest ${hits.length} of ${isTotalExact ? '' : 'more than '}${total}`)
}

/** `logboom search … | head` has enough at some time, which is no fault. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT_OK : EXIT_FAILED)
  })
}
