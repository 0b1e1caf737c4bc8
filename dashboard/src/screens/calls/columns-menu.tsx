import { Menu } from '../../components/popover.tsx';
import { CALL_COLUMNS } from './call-columns.tsx';
import {
  CALL_COLUMN_KEYS,
  FIXED_COLUMNS,
  resetColumns,
  setColumnShown,
  shownColumns,
} from './column-choice.ts';

export function ColumnsMenu() {
  const shown = shownColumns.value;
  return (
    <Menu
      label="Columns"
      icon="columns"
      align="end"
      isIconOnly
      items={[
        ...CALL_COLUMN_KEYS.filter((key) => !FIXED_COLUMNS.has(key)).map((key) => ({
          label: CALL_COLUMNS[key].title,
          isChecked: shown.has(key),
          onSelect: () => setColumnShown(key, !shown.has(key)),
        })),
        { label: 'As at first', icon: 'retry' as const, onSelect: resetColumns },
      ]}
    />
  );
}
