import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';

import { eventBatchSchema, toBatchExample } from './event-batch-schema.ts';
import { operationalMessages, toOperationalExample } from './operational-message.ts';

describe('the schema of an operational event', () => {
  it.each(OPERATIONAL_EVENT_TYPES)('describes the whole message of %s, and nothing else', (type) => {
    const example = toOperationalExample(type);
    expect(example).toMatchObject({ message: { type, summary: expect.stringMatching(/\.$/) } });
    const { message } = operationalMessages[type].shape;
    expect(z.object({ message: z.strictObject(message.shape) }).parse(example)).toEqual(example);
  });
});

describe('the schema of a batch', () => {
  it('describes what receivers of batches are sent, and nothing else', () => {
    const { shape } = eventBatchSchema.shape.events.element;
    const strict = z.strictObject({ events: z.array(z.strictObject(shape)) });
    expect(strict.parse(toBatchExample())).toEqual(toBatchExample());
  });
});
