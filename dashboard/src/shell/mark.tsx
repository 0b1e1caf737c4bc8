/** The product's mark: a receiver lifted off its cradle. Its file for the browser's tab is public/mark.svg. */
export function Mark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="mark-ground" width="32" height="32" rx="8" />
      <path
        class="mark-line"
        d="M7.5 12.2c5-4.2 12-4.2 17 0l-2.6 3.2-3.6-1.5v-2.2a11 11 0 0 0-4.6 0v2.2l-3.6 1.5Z"
      />
      <path class="mark-line" d="M9 24h14M12.5 20h7" />
    </svg>
  );
}
