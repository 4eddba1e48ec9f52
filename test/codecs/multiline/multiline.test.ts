/** Which lines make one event: start patterns, traces of each language, and their bounds. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { HeldText } from '../../../src/codecs/multiline/held-text.ts'
import { type MultilineRule, StartRule } from '../../../src/codecs/multiline/multiline.ts'
import { TraceRule } from '../../../src/codecs/multiline/trace-rule.ts'
import { type Language, LANGUAGES } from '../../../src/codecs/multiline/traces.ts'
import { compileRegexp } from '../../../src/codecs/regexp/regexp.ts'
import { cpuMs } from '../../support/cpu.ts'

/** The events that the lines make, as their numbers of lines; a last one that is open has a `+`. */
function group(rule: MultilineRule, text: string): string {
  const events: number[] = []
  let held = 0
  let state = 0
  for (const line of text.split('\n')) {
    const bytes = Buffer.from(`x${line}x`)
    state = rule.next(state, bytes, 1, bytes.length - 1)
    if (!rule.continues && held > 0) {
      events.push(held)
      held = 0
    }
    held++
    if (rule.isOpen) continue
    events.push(held)
    held = 0
  }
  return [...events, ...(held > 0 ? [`${held}+`] : [])].join(' ')
}

test('a start pattern', () => {
  const rule = new StartRule(compileRegexp('^\\d{4}-'))
  const check = (text: string, expected: string) => assert.equal(group(rule, text), expected, text)
  check('2026-11-21 a\n b\n c\n2026-11-21 d', '3 1+')
  check('rest\nof it\n2026-11-21 d', '2 1+')
  check('', '1+')
})

const TRACES: Readonly<Record<Language, string>> = {
  java: `Exception in thread "main" java.lang.RuntimeException: no
	at com.example.Main.run(Main.java:12)
	at com.example.Main.main(Main.java:3) ~[app.jar:1.0]
	Suppressed: java.io.IOException: closed
		at com.example.Main.close(Main.java:20)
Caused by: java.lang.NullPointerException
	at com.example.Main.x(Main.java:40)
	... 2 more`,
  python: `Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    run(1)
    ~~~^^^
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/app/main.py", line 2, in run
    raise ValueError("no")
ValueError: no

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 5, in <module>
    handle()
app.errors.Failed: no`,
  go: `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45]

goroutine 1 [running]:
main.(*Server).Serve(0x0, {0xc000012345, 0x3})
	/app/main.go:12 +0x1d
main.main()
	/app/main.go:5 +0x2f

goroutine 18 [chan receive]:
main.wait(...)
	/app/main.go:30
created by main.main in goroutine 1
	/app/main.go:4 +0x25
exit status 2`,
  node: `/app/main.js:3
    throw new TypeError('no')
    ^

TypeError [ERR_X]: no
    at run (/app/main.js:3:11)
    at async Promise.all (index 0)
    at Object.<anonymous> (/app/main.js:6:1) {
  code: 'ERR_X',
  [cause]: Error: inner
      at run (/app/main.js:2:11)
}

Node.js v24.0.0`,
  ruby: `main.rb:2:in \`run': no (RuntimeError)
	from main.rb:5:in \`block in main'
	 ... 12 levels...
	from main.rb:9:in \`<main>'`,
  dotnet: `Unhandled exception. System.InvalidOperationException: no
 ---> System.IO.FileNotFoundException: /x
   at App.Read(String path) in /app/Program.cs:line 20
   --- End of inner exception stack trace ---
   at App.Run() in /app/Program.cs:line 10
--- End of stack trace from previous location ---
   at App.Main() in /app/Program.cs:line 3`,
  php: `PHP Fatal error:  Uncaught exception 'Exception' with message 'no' in /app/x.php:3
Stack trace:
#0 /app/x.php(6): run()
#1 {main}
  thrown in /app/x.php on line 3`,
}

describe('stack traces', () => {
  for (const language of LANGUAGES) {
    test(language, () => {
      const trace = TRACES[language]
      const lines = trace.split('\n').length
      const text = `before\n${trace}\nINFO after\nand more`
      for (const languages of [[language], LANGUAGES]) {
        const rule = new TraceRule(languages)
        assert.equal(group(rule, text), `1 ${lines} 1 1`, languages.join())
        assert.equal(group(rule, text.replaceAll('\n', '\r\n')), `1 ${lines} 1 1`)
      }
      const others = LANGUAGES.filter((other) => other !== language)
      const isShared = ['java', 'node', 'dotnet'].includes(language)
      if (!isShared) assert.notEqual(group(new TraceRule(others), text), `1 ${lines} 1 1`)
    })
  }

  test('two traces in a row are two events', () => {
    const { java, php } = TRACES
    const [first, second] = [java, php].map((text) => text.split('\n').length)
    const rule = new TraceRule(LANGUAGES)
    assert.equal(group(rule, `${java}\n${java}`), `${first} ${first}+`)
    assert.equal(group(rule, `${java}\n${php}\nx`), `${first} ${second} 1`)
  })

  test('a Rails error', () => {
    const rails = `ActionController::RoutingError (No route matches [GET] "/x"):
  
actionpack (7.0) lib/action_dispatch.rb:36:in \`call'
app/controllers/x.rb:3:in \`index'`
    assert.equal(group(new TraceRule(['ruby']), `${rails}\nnext`), '2 1 1 1')
  })

  test('lines that only look like a beginning are events of their own', () => {
    const rule = new TraceRule(LANGUAGES)
    assert.equal(group(rule, 'a\nb\nc'), '1 1 1')
    assert.equal(group(rule, 'Error: no\nnext line\nthird'), '1 1 1')
    assert.equal(group(rule, '/app/main.txt:3\nx'), '1 1')
    assert.equal(group(rule, '  at nothing\n... 3 more'), '1 1')
  })

  test('no line takes long', () => {
    const rule = new TraceRule(LANGUAGES)
    const parts = ['Error (', '.rb:1:in `', 'a(a', '\t ', "exception '", 'panic', '/', '^', ' at {']
    for (const part of parts) {
      const bytes = Buffer.from(part.repeat(100_000))
      const before = cpuMs()
      for (let state = 0, turn = 0; turn < 10; turn++)
        state = rule.next(state, bytes, 0, bytes.length)
      assert.ok(cpuMs() - before < 500, part)
    }
  })

  test('any lines are grouped without a gap', () => {
    const lines = Object.values(TRACES).flatMap((trace) => trace.split('\n'))
    const rule = new TraceRule(LANGUAGES)
    const text = fc.array(fc.oneof(fc.constantFrom(...lines), fc.string()), { minLength: 1 })
    fc.assert(
      fc.property(text, (given) => {
        const all = given.join('\n')
        const counts = group(rule, all).split(' ').map(Number.parseFloat)
        const total = counts.reduce((sum, count) => sum + count, 0)
        assert.equal(total, all.split('\n').length)
      }),
    )
  })
})

describe('held text', () => {
  const held = (bytesMax: number, ...lines: string[]) => {
    const text = new HeldText(bytesMax)
    for (const line of lines) {
      const bytes = Buffer.from(`x${line}x`)
      text.add(bytes, 1, bytes.length - 1)
    }
    const { lines: count, isTruncated, originalSize } = text
    return [Buffer.from(text.text()).toString(), count, isTruncated, originalSize]
  }

  test('has line feeds between lines', () => {
    assert.deepEqual(held(100), ['', 0, false, 0])
    assert.deepEqual(held(100, 'a'), ['a', 1, false, 1])
    assert.deepEqual(held(100, 'a', '', 'b'), ['a\n\nb', 3, false, 4])
  })

  test('is cut at its bound, and stays cut', () => {
    assert.deepEqual(held(4, 'ab', 'c'), ['ab\nc', 2, false, 4])
    assert.deepEqual(held(4, 'ab', 'cd', ''), ['ab\nc', 3, true, 6])
    assert.deepEqual(held(3, 'abc', ''), ['abc', 2, true, 4])
    assert.deepEqual(held(3, 'abcdef', 'g'), ['abc', 2, true, 8])
    assert.deepEqual(held(2, 'aé', 'b'), ['a', 2, true, 5])
  })
})
