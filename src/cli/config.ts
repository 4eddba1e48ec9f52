/** `logboom config`: the configuration as the collector sees it. */
import type { Command } from './command.ts'
import { EXIT_FAILED, EXIT_OK, print } from './command.ts'
import { CONFIG_OPTION_HELP, parseConfigPath } from './config-option.ts'

const help = `Usage: logboom config [-c FILE]

Prints the effective configuration as YAML: includes put together, \${env:…} and \${file:…}
filled in, defaults written out. Secrets are shown as ***.

Options:
${CONFIG_OPTION_HELP}

Exit codes: 0 printed, 1 not valid or not readable, 2 wrong usage.

Examples:
  logboom config                      what a run without configuration does
  logboom config -c a.yaml | less     every option there is, with its value
`

export const config: Command = {
  help,
  async run(args) {
    const path = parseConfigPath(args)
    const [{ configAsYaml }, { loadAndReport }, { registry }] = await Promise.all([
      import('../config/print.ts'),
      import('./load.ts'),
      import('../registry.ts'),
    ])
    const loaded = loadAndReport(path)
    if (!loaded) return EXIT_FAILED
    print(configAsYaml(loaded.config, registry))
    return EXIT_OK
  },
}
