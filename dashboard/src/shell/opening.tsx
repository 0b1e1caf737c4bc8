/** The moment before it is known who looks. A key in the fragment of the address signs in at once. */
import './sign-in.css';
import { useEffect, useState } from 'preact/hooks';
import type { ApiFault } from '../data/api.ts';

import { ProblemNote } from '../components/problem.tsx';
import { toApiFault } from '../data/api.ts';
import { readSession, session, signIn } from '../data/session.ts';
import { Mark } from './mark.tsx';
import { refuseKey } from './sign-in.tsx';
import { takeKey } from './take-key.ts';

/** A hub that restarts is back within seconds; nobody should have to press a button for that. */
const RETRY_MS = 2_000;

export function Opening() {
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [isTrying, setTrying] = useState(false);

  async function open(): Promise<void> {
    setTrying(true);
    try {
      await openSession();
      setFault(null);
    } catch (error) {
      setFault(toApiFault(error));
    }
    setTrying(false);
  }

  useEffect(() => {
    void open();
  }, []);
  useEffect(() => {
    if (fault === null) return undefined;
    const timer = setTimeout(() => void open(), RETRY_MS);
    return () => clearTimeout(timer);
  }, [fault]);

  return (
    <main class="sign-in" aria-busy={fault === null}>
      <div class="sign-in-box opening">
        <Mark size={40} />
        {fault === null ? (
          <p class="visually-hidden">Opening Offhook</p>
        ) : (
          <ProblemNote fault={fault} onRetry={() => void open()} isRetrying={isTrying} />
        )}
      </div>
    </main>
  );
}

async function openSession(): Promise<void> {
  const key = takeKey();
  if (key === null) {
    await readSession();
    return;
  }
  try {
    await signIn(key);
  } catch (error) {
    refuseKey(toApiFault(error));
    session.value = null;
  }
}
