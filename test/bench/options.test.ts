import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOptions, type Options } from '../../bench/cli/options.ts'

function options(...args: string[]): Options {
  const read = readOptions(args)
  assert.ok(typeof read !== 'string')
  return read
}

function names(...args: string[]): string[] {
  const { scenarios, standing } = options(...args)
  return [...scenarios, ...standing].map(({ name }) => name)
}

describe('command line of the benchmark', () => {
  it('takes a scenario by its name, or several by the beginning of theirs', () => {
    assert.deepEqual(names('packed'), ['packed'])
    assert.deepEqual(names('request', 'idle'), ['request-ack-1', 'request-ack-100', 'idle'])
  })

  it('runs everything without names, and only the main ones with --quick', () => {
    assert.ok(names().includes('startup') && names().includes('message'))
    assert.ok(!names('--quick').includes('startup') && names('--quick').includes('message'))
  })

  it('takes fewer records and runs with --quick, unless told how many', () => {
    const quick = options('--quick', 'message')
    assert.equal(quick.runs, 3)
    assert.equal(quick.scenarios[0]!.traffic.records, 200_000)
    const told = options('--quick', 'message', '--runs', '7', '--records', '10')
    assert.equal(told.runs, 7)
    assert.equal(told.scenarios[0]!.traffic.records, 10)
  })

  it('says which scenarios there are', () => {
    const list = readOptions(['--list'])
    assert.match(typeof list === 'string' ? list : '', /^message +as Docker sends/)
    assert.throws(() => readOptions(['mesage']), /cannot run mesage: .*expected message, forward,/)
  })

  it('refuses what is no count', () => {
    assert.throws(() => readOptions(['--runs', '0']), /cannot use --runs 0: it is no count/)
  })
})
