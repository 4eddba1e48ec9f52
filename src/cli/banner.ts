/** What `logboom run` says once it is ready: where to send, where to look, what to try. */
import type { Config } from '../config/model.ts'
import { parseListen } from '../config/listen-address.ts'
import { version } from '../package.ts'

export interface Ready {
  readonly config: Config
  /** Null for the built-in configuration. */
  readonly configPath: string | null
  /** Where each input listens, with the real ports, by the input's name. */
  readonly addresses: Readonly<Record<string, readonly string[]>>
  /** Where the page is served: `http://127.0.0.1:24220`; null if it is not. */
  readonly page: string | null
}

export function bannerText(ready: Ready): string {
  const { config, configPath, page } = ready
  const source = configPath === null ? 'built-in configuration, see: logboom config' : configPath
  const lines = [`logboom ${version()} is ready (${source})`]
  for (const [name, addresses] of Object.entries(ready.addresses))
    lines.push(inputRow(name, config.inputs[name]?.type, addresses))
  for (const path of filePaths(config)) lines.push(row('files', path))
  if (page !== null) lines.push(row('page', page), row('metrics', `${page}/metrics`))
  const address = dockerAddress(ready)
  if (address !== undefined) lines.push('', 'Try it:', `  ${dockerCommand(address)}`)
  for (const path of filePaths(config).slice(0, 1)) lines.push(`  tail -F ${quoted(asGlob(path))}`)
  return lines.join('\n') + '\n'
}

/** What reads files or standard input listens nowhere. */
function inputRow(name: string, type: string | undefined, addresses: readonly string[]): string {
  if (addresses.length > 0) return row('listening', `${addresses.join(', ')} (input ${name})`)
  return row('reading', `${type} (input ${name})`)
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(10)} ${text}`
}

function filePaths(config: Config): string[] {
  const paths = Object.values(config.outputs).map(({ options }) => options['path'])
  return paths.filter((path) => typeof path === 'string')
}

/** What `fluentd-address` has to be for a container on this machine. */
function dockerAddress({ config, addresses }: Ready): string | undefined {
  const ofForward = Object.entries(addresses).filter(([name]) => isPlainForward(config, name))
  for (const address of ofForward.flatMap(([, texts]) => texts)) {
    const listen = parseListen(address)
    if (listen?.scheme === 'unix') return address
    if (listen?.scheme !== 'tcp') continue
    const host = listen.host === '0.0.0.0' || listen.host === '::' ? '127.0.0.1' : listen.host
    return host.includes(':') ? `[${host}]:${listen.port}` : `${host}:${listen.port}`
  }
  return undefined
}

/** Docker's driver knows no handshake, so a listener that asks for a key is nothing to try. */
function isPlainForward(config: Config, name: string): boolean {
  const input = config.inputs[name]
  return input?.type === 'forward' && input.options['security'] === undefined
}

function dockerCommand(address: string): string {
  return (
    `docker run --rm --log-driver=fluentd --log-opt fluentd-address=${address} ` +
    `--log-opt tag=docker.{{.Name}} alpine echo hello`
  )
}

/** `./logs/${tag}.log` as a shell finds the files of it: `./logs/*.log`. */
function asGlob(path: string): string {
  return path.replaceAll(/\$\{[^}]*\}|%[a-zA-Z]/g, '*').replaceAll(/\*+/g, '*')
}

/** For a shell, with the wildcards left to it. */
function quoted(glob: string): string {
  return glob.replaceAll(/[^\w./*@+=:-]/g, '\\$&')
}
