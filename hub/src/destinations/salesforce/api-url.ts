/** Where a login's API is. Pure. */

/**
 * Salesforce's token endpoint names an `instance_url`. Access tokens go there only where it is Salesforce's own: an
 * answer that somebody has tampered with, or a proxy's, must not have them sent elsewhere. What it names beside that is
 * left alone for the address of the settings, which serves the API as well.
 */
export function toApiUrl(settingsUrl: URL, instanceUrl: string | null): URL {
  if (instanceUrl === null) return settingsUrl;
  const url = URL.parse(instanceUrl);
  if (url === null || url.origin === settingsUrl.origin) return settingsUrl;
  return isSalesforces(settingsUrl) && isSalesforces(url) ? new URL(url.origin) : settingsUrl;
}

function isSalesforces(url: URL): boolean {
  const isPlain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  return isPlain && /^(?:[a-z0-9-]+\.)+salesforce\.(?:com|mil)$/.test(url.hostname);
}
