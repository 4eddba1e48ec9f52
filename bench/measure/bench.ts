/**
 * Measures the scenarios of a group: every run takes all of them and in each all subjects, one
 * after the other, so that a busy moment of the machine hits all alike.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Scenario } from '../scenarios.ts'
import type { Subject } from '../subjects/subject.ts'
import { prepare, trafficKey, type Prepared } from '../traffic/prepare.ts'
import { runOnce, type Run } from './one-run.ts'
import { subjectResult, type ScenarioResult } from './results.ts'

export interface Group {
  readonly scenarios: readonly Scenario[]
  readonly subjects: readonly Subject[]
  readonly runs: number
  /** For traffic and outputs; what is put there is removed again. */
  readonly folder: string
}

interface Measured {
  readonly subject: Subject
  readonly runs: Run[]
  failure: string | null
}

export async function measureGroup(group: Group): Promise<ScenarioResult[]> {
  const traffic = prepareAll(group)
  const work = group.scenarios.map((scenario) => ({
    scenario,
    prepared: traffic.get(trafficKey(scenario.traffic))!,
    measured: measuredOf(scenario, group.subjects),
  }))
  for (let run = 0; run < group.runs; run++) {
    for (const { scenario, prepared, measured } of work) {
      for (const each of measured) await addRun(each, scenario, prepared, group.folder)
    }
  }
  for (const { file } of traffic.values()) await rm(file)
  return work.map(({ scenario, prepared, measured }) => resultOf(scenario, prepared, measured))
}

function prepareAll({ scenarios, folder }: Group): Map<string, Prepared> {
  const traffic = new Map<string, Prepared>()
  for (const scenario of scenarios) {
    const key = trafficKey(scenario.traffic)
    const file = join(folder, `traffic-${traffic.size}`)
    if (!traffic.has(key)) traffic.set(key, prepare(scenario.traffic, file))
  }
  return traffic
}

function measuredOf(scenario: Scenario, subjects: readonly Subject[]): Measured[] {
  const able = subjects.filter((subject) => subject.canDo(scenario))
  return able.map((subject) => ({ subject, runs: [], failure: null }))
}

/** A subject that has failed once is left alone: a peer must not end the whole session. */
async function addRun(
  measured: Measured,
  scenario: Scenario,
  prepared: Prepared,
  folder: string,
): Promise<void> {
  if (measured.failure !== null) return
  try {
    const place = join(folder, 'run')
    measured.runs.push(await runOnce(measured.subject, scenario, prepared, place))
  } catch (error) {
    measured.failure = error instanceof Error ? withCauses(error) : String(error)
  }
}

function withCauses(error: Error): string {
  return error.cause instanceof Error
    ? `${error.message}\n${withCauses(error.cause)}`
    : error.message
}

function resultOf(
  scenario: Scenario,
  prepared: Prepared,
  measured: readonly Measured[],
): ScenarioResult {
  const floors = measured.find(({ subject }) => subject.name === 'floor')?.runs
  return {
    scenario: scenario.name,
    records: prepared.records,
    trafficBytes: prepared.bytes,
    subjects: measured.map(({ subject, runs, failure }) =>
      subjectResult({ subject: subject.name, scenario, runs, floors, failure }),
    ),
  }
}
