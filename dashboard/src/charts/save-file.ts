/** Hands a file to the browser's downloads. */
export function saveFile(name: string, content: Blob | string, type = 'application/octet-stream'): void {
  const blob = typeof content === 'string' ? new Blob([content], { type }) : content;
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The download has its own hold on the blob only after it has begun.
  setTimeout(() => URL.revokeObjectURL(address), RELEASE_AFTER_MS);
}

const RELEASE_AFTER_MS = 60_000;
