/** `logboom check --connect`: tries what the outputs connect to, all at once, and says it. */
import type { Config, OutputConfig } from '../../config/model.ts'
import { systemTimers } from '../../pipeline/clock.ts'
import type { ChunkedOutputDefinition } from '../../pipeline/component.ts'
import { MetricsRegistry } from '../../pipeline/metrics.ts'
import type { Finding } from '../../pipeline/probe.ts'
import { registry } from '../../registry.ts'
import { print } from '../command.ts'

type Probe = NonNullable<ChunkedOutputDefinition['probe']>

/** Whether all outputs can work. */
export async function probeOutputs(config: Config): Promise<boolean> {
  const probes = Object.entries(config.outputs).flatMap(([name, output]) => {
    const probe = probeOf(output)
    return probe ? [{ title: `output ${name} (${output.type})`, findings: run(probe, output) }] : []
  })
  if (probes.length === 0) print('no output connects to a server')
  let isGood = true
  for (const { title, findings } of probes) {
    print(`${title}\n${(await findings).map(line).join('')}`)
    isGood &&= !(await findings).some(({ kind }) => kind === 'problem')
  }
  return isGood
}

function probeOf({ type }: OutputConfig): Probe | undefined {
  const definition = registry.outputs.find((one) => one.type === type)
  return definition?.isChunked ? definition.probe : undefined
}

function run(probe: Probe, { options }: OutputConfig): Promise<readonly Finding[]> {
  return probe(options, {
    timers: systemTimers,
    metrics: new MetricsRegistry().scope('', {}),
    signal: new AbortController().signal,
  })
}

function line({ kind, text }: Finding): string {
  return `  ${kind.padEnd(8)} ${text}\n`
}
