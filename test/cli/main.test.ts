/** The command line itself: help, version, and what it says to a line that makes no sense. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { logboom } from './program.ts'

const commands = ['run', 'check', 'config', 'send']

test('--version is the one of package.json', async () => {
  const path = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  for (const args of [['--version'], ['-v'], ['version']])
    assert.deepEqual(await logboom(args), { code: 0, stdout: `${version}\n`, stderr: '' })
})

test('--help names every command, each command explains itself', async () => {
  const { code, stdout, stderr } = await logboom(['--help'])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /Exit codes:/)
  for (const command of commands) {
    assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'))
    const help = await logboom([command, '--help'])
    assert.deepEqual([help.code, help.stderr], [0, ''])
    assert.match(help.stdout, new RegExp(`^Usage: logboom ${command} [^]*Exit codes: `))
    assert.ok(help.stdout.split('\n').every((line) => line.length <= 100))
    assert.deepEqual(await logboom(['help', command]), help)
  }
})

test('no command at all is wrong usage, and shows the help', async () => {
  const { code, stdout, stderr } = await logboom([])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^Usage: logboom COMMAND/m)
})

test('wrong usage: exit code 2 and the nearest name', async () => {
  const check = async (args: readonly string[], expected: RegExp) => {
    const { code, stdout, stderr } = await logboom(args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    assert.match(stderr, expected)
  }
  await check(['chekc'], /unknown command "chekc"; did you mean "check"\?/)
  await check(
    ['--verbose'],
    /unknown option "--verbose"\nCommands: run, check, test, config, send, search, dead-letters\./,
  )
  await check(['help', 'nothing'], /unknown command "nothing"/)
  await check(['check', '--confg', 'a'], /unknown option --confg; did you mean "--config"\?/)
  await check(['check', 'a.yaml'], /Unexpected argument 'a.yaml'/)
  await check(['check', '-c'], /'-c, --config <value>' argument missing/)
})
