import type { Page } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { showToast } from '../../components/toast.tsx';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault, Method } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';

export interface SettingsList<Item> {
  readonly rows: readonly Item[];
  readonly fault: ApiFault | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/** The lists here are short: they come whole. What is no list is shown as one of itself. */
export function useList<Item>(path: string): SettingsList<Item> {
  const { data, fault, isLoading, reload } = useResource(path, (signal) =>
    request<Partial<Page<Item>> & Item>('GET', path, { signal }),
  );
  const rows = data === undefined ? [] : (data.data ?? [data]);
  return { rows, fault, isLoading: isLoading && data === undefined, reload };
}

export interface Command<Answer> {
  readonly isBusy: boolean;
  readonly fault: ApiFault | null;
  /** undefined where the hub refused; `fault` says why. */
  run(method: Method, path: string, body?: unknown): Promise<Answer | undefined>;
}

/** One change asked of the hub by a dialog, which stays open and shows why where it is refused. */
export function useCommand<Answer = unknown>(): Command<Answer> {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiFault | null>(null);
  return {
    isBusy,
    fault,
    async run(method, path, body) {
      setBusy(true);
      setFault(null);
      try {
        // A DELETE answers with nothing, which is not a refusal.
        return (await request<Answer>(method, path, { body })) ?? ({} as Answer);
      } catch (error) {
        setFault(toApiFault(error));
        return undefined;
      } finally {
        setBusy(false);
      }
    },
  };
}

/** For confirmations: what is thrown stands in the dialog. */
export async function commit(method: Method, path: string, done: string): Promise<void> {
  try {
    await request(method, path);
  } catch (error) {
    throw new Error(toApiFault(error).problem.detail, { cause: error });
  }
  showToast(done);
}
