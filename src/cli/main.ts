/** Finds the command that is meant, and loads only that one. */
import { nearest } from '../config/nearest.ts'
import type { Command } from './command.ts'
import { CommandError, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './command.ts'
import { print, printError, UsageError } from './command.ts'
import { version } from '../package.ts'

interface Listed {
  readonly summary: string
  load(): Promise<Command>
}

const commands: Readonly<Record<string, Listed>> = {
  run: {
    summary: 'Take logs in, route them and write them, until stopped.',
    load: async () => (await import('./run.ts')).run,
  },
  check: {
    summary: 'Say whether a configuration is valid, and what is wrong with it.',
    load: async () => (await import('./check.ts')).check,
  },
  test: {
    summary: 'Send the events of tests through a configuration, and show what differs.',
    load: async () => (await import('./test.ts')).test,
  },
  config: {
    summary: 'Print the effective configuration: defaults filled in, secrets masked.',
    load: async () => (await import('./config.ts')).config,
  },
  send: {
    summary: 'Send records to a forward address, to try out or to script.',
    load: async () => (await import('./send.ts')).send,
  },
  search: {
    summary: 'Look for events in Elasticsearch or OpenSearch, and follow them.',
    load: async () => (await import('./search.ts')).search,
  },
  'dead-letters': {
    summary: 'Look at what outputs did not get, replay it or drop it.',
    load: async () => (await import('./dead-letters.ts')).deadLetters,
  },
}

/** Runs a command line without the program's name; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args
  if (first === undefined) {
    printError(helpText())
    return EXIT_USAGE
  }
  if (first === '--version' || first === '-v' || first === 'version') return answer(version())
  if (first === '--help' || first === '-h') return answer(helpText())
  if (first === 'help') return rest[0] === undefined ? answer(helpText()) : help(rest[0])
  return runCommand(first, rest)
}

async function runCommand(name: string, args: readonly string[]): Promise<number> {
  const listed = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!listed) return unknownCommand(name)
  const command = await listed.load()
  const beforeOperands = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  if (beforeOperands.some((arg) => arg === '--help' || arg === '-h')) return answer(command.help)
  try {
    return await command.run(args)
  } catch (error) {
    if (error instanceof UsageError) {
      printError(`logboom ${name}: ${error.message}\nSee logboom ${name} --help.`)
      return EXIT_USAGE
    }
    if (!(error instanceof CommandError)) throw error
    printError(`logboom ${name}: ${error.message}`)
    return EXIT_FAILED
  }
}

async function help(name: string): Promise<number> {
  const listed = Object.hasOwn(commands, name) ? commands[name] : undefined
  return listed ? answer((await listed.load()).help) : unknownCommand(name)
}

function unknownCommand(name: string): number {
  const kind = name.startsWith('-') ? 'option' : 'command'
  const meant = nearest(name, Object.keys(commands))
  const suggestion = meant === undefined ? '' : `; did you mean "${meant}"?`
  const known = `Commands: ${Object.keys(commands).join(', ')}. See logboom --help.`
  printError(`logboom: unknown ${kind} "${name}"${suggestion}\n${known}`)
  return EXIT_USAGE
}

function answer(text: string): number {
  print(text)
  return EXIT_OK
}

function helpText(): string {
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(14)}${summary}`,
  )
  return `logboom ${version()}: the place Docker's log drivers deliver to.

Usage: logboom COMMAND [OPTIONS]

Commands:
${lines.join('\n')}

  logboom COMMAND --help    explains a command with examples
  logboom --version         prints the version

Without a configuration, "logboom run" takes what Docker's log drivers send on 127.0.0.1:
fluentd's on 24224, syslog on 5140 and GELF on 12201 (both udp and tcp). It writes
./logs/TAG.log and shows its state on http://127.0.0.1:24220.

Exit codes:
  0   done; for run: stopped in order
  1   the configuration is not valid, or what was asked for could not be done
  2   the command line makes no sense
  3   run: stopped, but not everything was finished within stop_timeout
  70  a bug; the log says which
  130, 143   run: ended at once by a second SIGINT or SIGTERM
`
}
