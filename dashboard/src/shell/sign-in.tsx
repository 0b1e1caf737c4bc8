/**
 * One field. It is shown in the place of the page that was asked for, whose address stays as it is: signing in shows
 * that page, and there is no address to return to that anybody could forge.
 */
import './sign-in.css';
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ApiFault } from '../data/api.ts';

import { Button } from '../components/button.tsx';
import { Field, SecretInput } from '../components/field.tsx';
import { Icon } from '../components/icon.tsx';
import { ProblemNote } from '../components/problem.tsx';
import { toApiFault } from '../data/api.ts';
import { signIn } from '../data/session.ts';
import { useTitle } from '../data/title.ts';
import { Mark } from './mark.tsx';

const refused = signal<ApiFault | null>(null);

/** Of the key that came with the address. */
export function refuseKey(fault: ApiFault): void {
  refused.value = fault;
}

export function SignIn() {
  useTitle('Sign in');
  const [key, setKey] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiFault | null>(refused.value);
  const formRef = useRef<HTMLFormElement>(null);
  // With the field, not a frame after it: nobody types beside it.
  useLayoutEffect(() => {
    formRef.current?.querySelector('input')?.focus();
  }, []);

  async function submit(): Promise<void> {
    if (isBusy) return;
    if (key.trim() === '') {
      formRef.current?.querySelector('input')?.focus();
      return;
    }
    setBusy(true);
    setFault(null);
    refused.value = null;
    try {
      await signIn(key.trim());
    } catch (error) {
      setFault(toApiFault(error));
      setBusy(false);
      formRef.current?.querySelector('input')?.focus();
    }
  }

  // A wrong key belongs to its field; everything else (hub away, too many tries) to the page.
  const isKeyWrong = fault !== null && (fault.status === 401 || fault.status === 403);
  return (
    <main class="sign-in">
      <div class="sign-in-box">
        <div class="sign-in-head">
          <Mark size={40} />
          <h1>Sign in to Offhook</h1>
        </div>
        <form
          ref={formRef}
          class="sign-in-form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <Field label="API key" error={isKeyWrong ? toKeyFault(fault) : null}>
            <SecretInput name="offhook-key" value={key} onValue={setKey} autocomplete="off" isMono required />
          </Field>
          <Button type="submit" kind="primary" isBusy={isBusy}>
            Sign in
          </Button>
          {fault !== null && !isKeyWrong && (
            <ProblemNote fault={fault} onRetry={() => void submit()} isRetrying={isBusy} />
          )}
        </form>
        <div role="status" class="visually-hidden">
          {isKeyWrong ? toKeyFault(fault) : ''}
        </div>
        <details class="sign-in-help">
          <summary>
            <Icon name="chevron-right" />
            Where do I find my key?
          </summary>
          <ul>
            <li>
              The hub prints it when it starts, on the line <b>API key</b>.
            </li>
            <li>
              It is kept in the file <code>api-key</code> of the data directory, which the line <b>Data</b>{' '}
              names: <code>cat data/api-key</code>
            </li>
            <li>
              If the hub was started with <code>OFFHOOK_API_KEY</code>, that is the key.
            </li>
            <li>
              Somebody else runs the hub? Ask for a key of your own; it is made with{' '}
              <code>offhook keys create</code> or under Settings.
            </li>
          </ul>
        </details>
      </div>
      <p class="sign-in-foot">
        {globalThis.location.host} · The key itself is not kept: a cookie that scripts cannot read takes its
        place.
      </p>
    </main>
  );
}

function toKeyFault(fault: ApiFault): string {
  const { code, title, detail } = fault.problem;
  if (fault.status === 403) return detail === '' ? title : detail;
  return code === 'key_refused' || code === 'key_missing'
    ? 'This key is not valid here: it may be mistyped, revoked, expired, or belong to another hub.'
    : detail;
}
