/**
 * What stack traces look like, by language: from which state which line leads to which. After the
 * rules of https://github.com/GoogleCloudPlatform/fluent-plugin-detect-exceptions (Apache 2.0),
 * with those of Node, .NET and Ruby that it does not know.
 */

export const LANGUAGES = ['java', 'python', 'go', 'node', 'ruby', 'dotnet', 'php'] as const
export type Language = (typeof LANGUAGES)[number]

export interface TraceRule {
  readonly from: readonly string[]
  readonly pattern: RegExp
  readonly to: string
}

/** No trace has begun, or the line was the last of one. */
export const OUTSIDE = 'outside'

const rule = (from: string | readonly string[], pattern: RegExp, to: string): TraceRule => ({
  from: typeof from === 'string' ? [from] : from,
  pattern,
  to,
})

/** Java, Node and .NET share the states of the first: their frames are nearly the same. */
const FRAMES = [
  // In Node, properties of an error stand in braces behind its last frame.
  rule(['exception', 'frames'], /^[\t ]+at .*\{$/, 'properties'),
  rule('properties', /^[\t ]/, 'properties'),
  rule('properties', /^\}$/, 'end'),
  rule(['exception', 'frames'], /^[\t ]+(?:eval )?at /, 'frames'),
  rule(['exception', 'frames'], /^[\t ]*(?:Caused by|Suppressed):/, 'exception'),
]

export const TRACES: Readonly<Record<Language, readonly TraceRule[]>> = {
  java: [
    rule(OUTSIDE, /(?:Exception|Error|Throwable)(?::|$)/, 'exception'),
    rule('exception', /^[\t ]*nested exception is:/, 'exception'),
    rule('exception', /^$/, 'exception'),
    ...FRAMES,
    rule(['exception', 'frames'], /^[\t ]*\.\.\. \d+ (?:more|common frames omitted)/, 'frames'),
  ],
  node: [
    rule(OUTSIDE, /(?:Exception|Error)(?: \[\w+\])?(?::|$)/, 'exception'),
    // Of an error that nobody caught, its place comes first, then a marker below it.
    rule(OUTSIDE, /^(?:node:\S+|(?:file:\/)?\/.*\.(?:[cm]?[jt]s|node)):\d+$/, 'place'),
    rule('place', /^/, 'code'),
    rule('code', /^[\t ]*\^+$/, 'marker'),
    rule('marker', /^$/, 'marker'),
    rule('marker', /^(?:Uncaught )?\S*(?:Exception|Error)\b/, 'exception'),
    ...FRAMES,
    rule(['end', 'frames'], /^Node\.js v/, OUTSIDE),
    rule(['end', 'frames'], /^$/, 'end'),
  ],
  dotnet: [
    rule(OUTSIDE, /(?:Exception|Error)(?: \(0x[0-9a-fA-F]+\))?(?::|$)/, 'exception'),
    rule(['exception', 'frames'], /^[\t ]*--->? /, 'exception'),
    ...FRAMES,
    rule(['exception', 'frames'], /^[\t ]*--- End of /, 'frames'),
  ],
  python: [
    rule(OUTSIDE, /^(?:.*: )?Traceback \(most recent call last\):$/, 'python'),
    rule('python', /^[\t ]+File /, 'python_code'),
    rule('python', /^[\t ]+[~^]+/, 'python'),
    rule('python', /^[\t ]+\[Previous line repeated \d+ more times\]/, 'python'),
    // A frame without its source is followed by the next frame, or by the exception.
    rule('python_code', /^[\t ]+File /, 'python_code'),
    rule('python_code', /^[\t ]/, 'python'),
    rule(['python', 'python_code'], /^[^\s:()]+(?::|$)/, 'python_end'),
    rule('python_end', /^$/, 'python_between'),
    rule('python_between', /^(?:During handling of|The above exception was)/, 'python_between'),
    rule('python_between', /^$/, 'python_between'),
    rule('python_between', /^Traceback \(most recent call last\):$/, 'python'),
  ],
  go: [
    rule(OUTSIDE, /\bpanic: /, 'go_panic'),
    rule(OUTSIDE, /^fatal error: /, 'go_panic'),
    rule(OUTSIDE, /http: panic serving/, 'go_goroutine'),
    rule(['go_panic', 'go_signal', 'go_frame'], /^$/, 'go_goroutine'),
    rule('go_panic', /^[\t ]*panic: /, 'go_panic'),
    rule('go_panic', /^\[signal /, 'go_signal'),
    rule(['go_goroutine', 'go_panic'], /^goroutine \d+ .*\[[^\]]+\]:$/, 'go_frame'),
    rule('go_goroutine', /^exit status \d+$/, OUTSIDE),
    rule('go_frame', /^created by |^\.\.\.additional frames|^\S+\(.*\)?$/, 'go_file'),
    rule('go_file', /^[\t ]/, 'go_frame'),
    rule('go_frame', /^exit status \d+$/, OUTSIDE),
  ],
  ruby: [
    rule(OUTSIDE, /\.rb:\d+:in [`'].*\(\w[\w:]*\)$/, 'ruby'),
    rule(OUTSIDE, /Error \(.*\):$/, 'ruby_rails'),
    rule('ruby_rails', /^[\t ]*$/, 'ruby'),
    rule(['ruby_rails', 'ruby'], /^[\t ].*\.rb:\d+:in /, 'ruby'),
    rule(['ruby_rails', 'ruby'], /^(?:app|lib|config)\/.*\.rb:\d+:in /, 'ruby'),
    rule('ruby', /^[\t ]+from /, 'ruby'),
    rule('ruby', /^[\t ]+\.\.\. \d+ levels\.\.\.$/, 'ruby'),
  ],
  php: [
    rule(OUTSIDE, /PHP (?:Notice|Parse error|Fatal error|Warning):/, 'php'),
    rule(OUTSIDE, /exception '[^']+' with message '/, 'php'),
    rule('php', /^(?:PHP )?Stack trace:/, 'php_frames'),
    rule('php_frames', /^(?:PHP +\d+\. |#\d)/, 'php_frames'),
    rule('php_frames', /^[\t ]+thrown in /, OUTSIDE),
  ],
}
