import { describe, expect, it } from '@jest/globals';
import { formatReport, type Report } from '../src/reporters.ts';

const report = (name: string): Report => ({
  name: 'expectations.yaml',
  policy: 'policy.yaml',
  revision: '0123456789abcdef',
  results: [
    {
      name,
      passed: false,
      expected: { lane: 'gray' as never },
      decision: { by: 'default', lane: 'stable' as never },
      message: 'a\nb "c"',
    },
  ],
});

describe('a report', () => {
  it('in XML has no character that XML cannot have', () => {
    const xml = formatReport('junit', report('\0 \x1b[31m \ud800 \ufffe 北 😀 <&>"\n\t'));
    expect(xml).toContain('name="\ufffd \ufffd[31m \ufffd \ufffd 北 😀 &lt;&amp;&gt;&quot;&#10;&#9;"');
    expect(xml).toContain('message="a&#10;b &quot;c&quot;"');
  });

  it('in TAP keeps each name on a line and free of directives', () => {
    const lines = formatReport('tap', report('a\nb # SKIP \\')).split('\n');
    expect(lines[2]).toBe('not ok 1 - a b \\# SKIP \\\\');
    expect(lines[4]).toBe('  message: "a\\nb \\"c\\""');
  });
});
