/** The bytes that are sent, as the text they are; what is no UTF-8 is shown as U+FFFD. */
export function toBodyText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
