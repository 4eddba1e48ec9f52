/** `logboom check`: reads a configuration and everything it includes, and does nothing else. */
import type { Command } from './command.ts'
import { EXIT_FAILED, EXIT_OK, parseOptions, print } from './command.ts'
import { CONFIG_OPTION_HELP } from './config-option.ts'

const help = `Usage: logboom check [-c FILE] [--connect]

Says whether a configuration is valid. Every problem is shown in one go, with file,
line and column, on standard error. Opens no socket and makes no file.

With --connect it then tries the servers of outputs that have some: whether they answer
and are what they should be, TLS, credentials and rights, and what would be set up there.
Nothing is changed on them, and no event is sent.

Options:
      --connect       try the servers of the outputs too
${CONFIG_OPTION_HELP}

Exit codes: 0 valid (warnings included), 1 not valid, not readable, or a server that
cannot be used, 2 wrong usage.

Examples:
  logboom check -c logboom.yaml && systemctl restart logboom
  logboom check -c logboom.yaml --connect
`

export const check: Command = {
  help,
  async run(args) {
    const { values } = parseOptions({
      args: [...args],
      options: { config: { type: 'string', short: 'c' }, connect: { type: 'boolean' } },
    })
    const { loadAndReport } = await import('./load.ts')
    const loaded = loadAndReport(values.config ?? null)
    if (!loaded) return EXIT_FAILED
    print(`${loaded.path ?? 'the built-in configuration'} is valid`)
    if (values.connect !== true) return EXIT_OK
    const { probeOutputs } = await import('./check/connect.ts')
    return (await probeOutputs(loaded.config)) ? EXIT_OK : EXIT_FAILED
  },
}
