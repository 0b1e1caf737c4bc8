import { LinkButton } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { useTitle } from '../data/title.ts';

export function NotFound() {
  useTitle('Not found');
  return (
    <>
      <h1 class="visually-hidden">Not found</h1>
      <Empty
        title="There is no such page"
        icon="search"
        actions={<LinkButton href="/live">Go to Live</LinkButton>}
      >
        The address may be mistyped, or belong to a newer version than this hub runs.
      </Empty>
    </>
  );
}
