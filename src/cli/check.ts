/** `logboom check`: reads a configuration and everything it includes, and does nothing else. */
import type { Command } from './command.ts'
import { EXIT_FAILED, EXIT_OK, print } from './command.ts'
import { CONFIG_OPTION_HELP, parseConfigPath } from './config-option.ts'

const help = `Usage: logboom check [-c FILE]

Says whether a configuration is valid. Every problem is shown in one go, with file,
line and column, on standard error. Opens no socket and makes no file.

Options:
${CONFIG_OPTION_HELP}

Exit codes: 0 valid (warnings included), 1 not valid or not readable, 2 wrong usage.

Example:
  logboom check -c logboom.yaml && systemctl restart logboom
`

export const check: Command = {
  help,
  async run(args) {
    const path = parseConfigPath(args)
    const { loadAndReport } = await import('./load.ts')
    const loaded = loadAndReport(path)
    if (!loaded) return EXIT_FAILED
    print(`${loaded.path ?? 'the built-in configuration'} is valid`)
    return EXIT_OK
  },
}
