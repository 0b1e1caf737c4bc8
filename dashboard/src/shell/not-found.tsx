import { LinkButton } from '../components/button.tsx';
import { PageHead } from '../components/page.tsx';

export function NotFound() {
  return (
    <div class="screen-fault">
      <PageHead
        title="There is no such page"
        subtitle="The address may be mistyped, or belong to a newer version than this hub runs."
      />
      <LinkButton href="/live">Go to Live</LinkButton>
    </div>
  );
}
