/** `logboom search`: asks the Elasticsearch or OpenSearch of an output, and prints the answer. */
import type { Hit, SearchAnswer } from '../search/server/answer.ts'
import { jsonLine, textLine } from '../search/server/line.ts'
import { searchBody } from '../search/server/search-body.ts'
import type { Command } from './command.ts'
import { EXIT_FAILED, EXIT_OK, print, printError } from './command.ts'
import { parseSearchOptions, type SearchOptions } from './search/options.ts'
import { endWithReader, watchReader } from './search/reader.ts'
import type { SearchedServer } from './search/server.ts'

const LINES_AT_ONCE = 1_000

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
  -n, --limit N       how many (100); 1,000,000 at most, older ones with --until
  -f, --follow        then go on with those that come, until Ctrl-C or the reader has enough
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
  const { query, since, until, limit, isFollowing, isJson } = options
  const fields = { text: options.textFields, time: server.timeField }
  const toLine = isJson ? jsonLine : textLine
  const report = shardReport()
  const shown: Pick<Hit, 'id' | 'time'>[] = []
  const lines: string[] = []
  let total: Total = { total: 0, isTotalExact: true }
  const body = searchBody({ query, since, until, fields, order: 'newest' })
  for await (const answer of server.pages(body, limit)) {
    report(answer)
    total = answer
    for (const hit of answer.hits) lines.push(toLine(hit, fields))
    if (isFollowing) for (const { id, time } of answer.hits) shown.push({ id, time })
  }
  printLines(lines.reverse())
  if (!isFollowing) return reportCount(lines.length, total, server.target)
  watchReader()
  const { follow } = await import('./search/follow.ts')
  await follow(server, {
    ...{ query, fields, shown },
    start: shown.length === limit ? shown.at(-1)!.time : since,
    show: (answer) => {
      report(answer)
      printLines(answer.hits.map((hit) => toLine(hit, fields)))
    },
  })
}

/** In pieces, as a reader may have enough of many. */
function printLines(lines: readonly string[]): void {
  for (let start = 0; start < lines.length; start += LINES_AT_ONCE)
    print(`${lines.slice(start, start + LINES_AT_ONCE).join('\n')}\n`)
}

/** On standard error, so that a pipe has the events alone; the same not with every page. */
function shardReport(): (answer: SearchAnswer) => void {
  let said = ''
  return ({ failedShards, failure }) => {
    const reason = `${failedShards} shards failed, ${failure ?? 'with no reason'}`
    if (failedShards > 0 && reason !== said) printError(`not all was searched: ${reason}`)
    said = failedShards > 0 ? reason : ''
  }
}

type Total = Pick<SearchAnswer, 'total' | 'isTotalExact'>

/** Whoever sees nothing should not wonder whether the right place was asked. */
function reportCount(shown: number, { total, isTotalExact }: Total, target: string): void {
  if (shown === 0) printError(`found nothing in ${target}`)
  else if (total > shown || !isTotalExact)
    printError(`the newest ${shown} of ${isTotalExact ? '' : 'more than '}${total}`)
}
