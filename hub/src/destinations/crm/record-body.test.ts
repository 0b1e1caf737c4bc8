import { describe, expect, it } from 'vitest';
import { toHtmlBody, toTextBody } from './record-body.ts';

const FACTS = [
  { label: 'Error', text: '<img src=x onerror="alert(1)"> & <!channel>' },
  { label: 'Summary', text: 'one\r\ntwo\u0000\u0007' },
  { label: null, text: "it's" },
];

describe('the body of a record', () => {
  it('shows what others wrote as text, never as HTML', () => {
    const html = toHtmlBody({ facts: FACTS, link: 'https://hub.example/calls/a?b="&c' });
    expect(html).toBe(
      '<p><strong>Error:</strong> &lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &lt;!channel&gt;</p>' +
        '<p><strong>Summary:</strong> one<br>two</p><p>it&#39;s</p>' +
        '<p><a href="https://hub.example/calls/a?b=&quot;&amp;c">Open this call in Offhook</a></p>',
    );
  });

  it('is lines where the CRM shows plain text', () => {
    expect(toTextBody({ facts: FACTS.slice(2), link: 'https://hub.example/calls/a' })).toBe(
      "it's\nhttps://hub.example/calls/a",
    );
  });
});
