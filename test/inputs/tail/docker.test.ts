/** `format: docker` and `format: cri`: parts put together, containers known, over every restart. */
import assert from 'node:assert/strict'
import { rename, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { dockerLine as line, timeAt as at } from './docker-line.ts'
import { logFolder, logs, untilLogs } from './setup.ts'

const ID = 'c0ffee'.repeat(10) + 'c0ff'
const FILE = `containers/${ID}/${ID}-json.log`
const config = JSON.stringify({
  ID,
  Name: '/web1',
  Config: { Image: 'nginx:1.27', Labels: { 'com.example.team': 'edge' } },
})

suite('docker', () => {
  test('lines have their time, their stream, and what is known of the container', async (t) => {
    const folder = logFolder(t)
    await folder.append(FILE, line('hello\n', 'stdout', 1) + line('oops\n', 'stderr', 2))
    await writeFile(folder.at(`containers/${ID}/config.v2.json`), config)
    const run = await folder.tail('containers/*/*-json.log', DOCKER)
    await untilLogs(run, ['', ''])
    const container = {
      container_id: ID,
      container_name: 'web1',
      image_name: 'nginx:1.27',
      labels: { 'com.example.team': 'edge' },
    }
    assert.deepEqual(run.records, [
      { ...container, log: 'hello', stream: 'stdout' },
      { ...container, log: 'oops', stream: 'stderr' },
    ])
    assert.equal(run.entries[1]?.seconds, Date.parse('2026-11-21T08:50:02Z') / 1000)
    assert.equal(run.entries[1]?.nanoseconds, 500_000_000)
    assert.deepEqual([...new Set(run.tags)], ['docker.web1'])
    await run.stopAndCheckCompliance()
  })

  test('attributes stay, and what is no line of Docker is kept', async (t) => {
    const folder = logFolder(t)
    const odd = line('one\n', 'stdout', 0, ',"attrs":{"tag":"x"}')
    await folder.append(FILE, `${odd}no json\n${line('two\n')}`)
    const run = await folder.tail(FILE, DOCKER)
    await untilLogs(run, ['', '', ''])
    assert.deepEqual(run.records, [
      { log: 'one', stream: 'stdout', attrs: { tag: 'x' } },
      { message: 'no json', parse_failed: 'not_an_object' },
      { log: 'two', stream: 'stdout' },
    ])
    assert.equal(run.metric('parse_failed_total'), 1)
    await run.stopAndCheckCompliance()
  })

  test('parts are put together, of each stream by itself', async (t) => {
    const folder = logFolder(t)
    const written = [
      line('a', 'stdout', 1),
      line('1', 'stderr', 2),
      line('between\n', 'stderr', 3),
      line('b', 'stdout', 4),
      line('c\n', 'stdout', 5),
    ]
    await folder.append(FILE, written.join(''))
    const run = await folder.tail(FILE, DOCKER)
    await untilLogs(run, ['', ''])
    assert.deepEqual(logs(run), ['1between', 'abc'])
    assert.equal(run.entries[1]?.seconds, Date.parse('2026-11-21T08:50:01Z') / 1000)
    await run.stopAndCheckCompliance()
  })

  test('longer than line_max they are cut', async (t) => {
    const folder = logFolder(t)
    await folder.append(FILE, `${line('a'.repeat(900))}${line('b'.repeat(900))}${line('c\n')}`)
    const run = await folder.tail(FILE, `${DOCKER}\nline_max: 1KB`)
    await untilLogs(run, [''])
    const log = 'a'.repeat(900) + 'b'.repeat(100)
    assert.deepEqual(run.records, [{ log, stream: 'stdout', truncated: true, original_size: 1801 }])
    await run.stopAndCheckCompliance()
  })

  test('a line that is not whole is read again after a restart, and nothing else', async (t) => {
    const folder = logFolder(t)
    await folder.append(FILE, line('a') + line('seen\n', 'stderr') + line('also\n', 'stderr'))
    const first = await folder.tail(FILE, DOCKER)
    await untilLogs(first, ['', ''])
    await first.stopAndCheckCompliance()
    await folder.append(FILE, line('new\n', 'stderr') + line('b\n'))
    const second = await folder.tail(FILE, DOCKER)
    await untilLogs(second, ['', ''])
    assert.deepEqual(logs(second), ['new', 'ab'])
    await second.stopAndCheckCompliance()
  })

  test('a line may begin in a file and end in the next, a restart between', async (t) => {
    const folder = logFolder(t)
    await folder.append(FILE, line('one\n') + line('a'))
    const first = await folder.tail(FILE, DOCKER)
    await untilLogs(first, [''])
    await rename(folder.at(FILE), `${folder.at(FILE)}.1`)
    await folder.append(FILE, line('seen\n', 'stderr') + line('b'))
    await untilLogs(first, ['', ''])
    await first.stopAndCheckCompliance()
    await folder.append(FILE, line('c\n') + line('end\n', 'stderr'))
    const second = await folder.tail(FILE, DOCKER)
    await untilLogs(second, ['', ''])
    assert.deepEqual(logs(first), ['one', 'seen'])
    assert.deepEqual(logs(second), ['abc', 'end'])
    await second.stopAndCheckCompliance()
  })
})

const DOCKER = 'format: docker\ntag: "docker.${container_name}"'

suite('cri', () => {
  test('parts are put together, and the container is known by the path', async (t) => {
    const folder = logFolder(t)
    const path = 'pods/prod_web-7d_0a1b/nginx/0.log'
    const text = [
      `${at(1)} stdout P hel`,
      `${at(2)} stderr F oops`,
      `${at(3)} stdout F lo`,
      'nothing of the kind',
    ]
    await folder.append(path, text.map((each) => `${each}\n`).join(''))
    const run = await folder.tail(path, 'format: cri\ntag: "kube.${namespace}.${pod}.${container}"')
    await untilLogs(run, ['', '', ''])
    const pod = { namespace: 'prod', pod: 'web-7d', container: 'nginx', pod_uid: '0a1b' }
    assert.deepEqual(run.records, [
      { ...pod, stream: 'stderr', log: 'oops' },
      { ...pod, stream: 'stdout', log: 'hello' },
      { ...pod, message: 'nothing of the kind', parse_failed: 'not_cri' },
    ])
    assert.equal(run.tags[0], 'kube.prod.web-7d.nginx')
    await run.stopAndCheckCompliance()
  })
})

suite('other formats', () => {
  test('of syslog, as daemons write their files and as it comes over the network', async (t) => {
    const folder = logFolder(t)
    const text = [
      '2026-11-21T09:50:01.25+01:00 web1 cron[42]: by rsyslog',
      'Nov 21 09:50:02 web1 sshd[7]: by tradition',
      '<165>1 2026-11-21T08:50:03.5Z web1 app 12 ID [x@1 k="v"] by RFC 5424',
      'nothing of the kind',
    ]
    await folder.append('syslog', `${text.join('\n')}\n`)
    const run = await folder.tail('syslog', 'format: { type: syslog, zone: Europe/Berlin }')
    await untilLogs(run, ['', '', '', ''])
    assert.deepEqual(
      run.records.map(({ ident, pid, message, host }) => ({ ident, pid, message, host })),
      [
        { ident: 'cron', pid: '42', message: 'by rsyslog', host: 'web1' },
        { ident: 'sshd', pid: '7', message: 'by tradition', host: 'web1' },
        { ident: 'app', pid: '12', message: 'by RFC 5424', host: 'web1' },
        { ident: undefined, pid: undefined, message: text[3], host: undefined },
      ],
    )
    assert.equal(run.records[3]?.['parse_failed'], 'not_syslog')
    const times = run.entries.slice(0, 3).map(({ seconds }) => seconds % 60)
    assert.deepEqual(times, [1, 2, 3])
    assert.equal(run.entries[0]?.nanoseconds, 250_000_000)
    await run.stopAndCheckCompliance()
  })

  test('make fields of lines', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', '{"level":"info","n":1}\nlevel=warn n=2\n')
    const run = await folder.tail('a.log', 'format: [json, logfmt]\noffset_key: at')
    await untilLogs(run, ['', ''])
    assert.deepEqual(run.records, [
      { at: 0, level: 'info', n: 1 },
      { at: 23, level: 'warn', n: '2' },
    ])
    await run.stopAndCheckCompliance()
  })
})
