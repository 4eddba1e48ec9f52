/** `-c FILE`, which run, check and config have in common. */
import { parseOptions } from './command.ts'

export const CONFIG_OPTION_HELP = `\
  -c, --config FILE   YAML configuration; without it, the built-in one is used
  -h, --help          this text`

/** The FILE of `-c FILE`, or null. Throws `UsageError` for anything else on the line. */
export function parseConfigPath(args: readonly string[]): string | null {
  const { values } = parseOptions({
    args: [...args],
    options: { config: { type: 'string', short: 'c' } },
  })
  return values.config ?? null
}
