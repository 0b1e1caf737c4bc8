/**
 * The dashboard's pages, as scripts/dashboard.ts built them. All of it is read once, at start, and served out of
 * memory: what a path names is looked up in a table, so that no request ever reaches the file system.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { holdsEtag } from './etag.ts';

/** Beside hub/src in a checkout, beside dist/ in the package: both are two folders up from here. */
export const PAGES_FOLDER = fileURLToPath(new URL('../../dashboard', import.meta.url));
/** A build is about 300 kB, compressed forms included; a folder larger than this is something else. */
export const PAGES_BYTES_MAX = 16 * 1024 * 1024;

export interface Pages {
  readonly index: PageFile;
  /** By path: `/assets/main-a1b2.js`, `/mark.svg`; not the index. */
  readonly files: ReadonlyMap<string, PageFile>;
}

export interface PageFile {
  readonly mediaType: string;
  /** Its name holds a hash of what is in it. */
  readonly isImmutable: boolean;
  readonly bodies: Readonly<Partial<Record<Encoding, PageBody>>> & { readonly identity: PageBody };
}

interface PageBody {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Best first. */
const ENCODINGS = ['br', 'gzip', 'identity'] as const;
type Encoding = (typeof ENCODINGS)[number];

/** All of these are the one page, which reads the path itself. */
export const PAGE_PATHS: readonly string[] = [
  '/live',
  ...['/calls', '/deliveries', '/analytics', '/destinations', '/settings'].flatMap((path) => [
    path,
    `${path}/*`,
  ]),
];
export const INDEX_PATH = '/';

/** null where there is no build. Throws where the folder holds more than a build can. */
export function readPages(folder: string = PAGES_FOLDER): Pages | null {
  if (!statSync(join(folder, 'index.html'), { throwIfNoEntry: false })?.isFile()) return null;
  const read = new Map<string, Buffer>();
  let bytesRead = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    // A link may lead anywhere; a name with a dot in front is not meant to be seen.
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    bytesRead += bytes.length;
    if (bytesRead > PAGES_BYTES_MAX) {
      throw new Error(`${folder} holds more than ${PAGES_BYTES_MAX / 1024 / 1024} MiB: it is no dashboard.`);
    }
    read.set(file.slice(folder.length).replaceAll('\\', '/'), bytes);
  }
  const files = new Map<string, PageFile>();
  for (const [path, bytes] of read) {
    const mediaType = MEDIA_TYPES[extname(path)];
    if (mediaType !== undefined) files.set(path, toPageFile(path, mediaType, bytes, read));
  }
  const index = files.get('/index.html') as PageFile;
  files.delete('/index.html');
  return { index, files };
}

function toPageFile(
  path: string,
  mediaType: string,
  identity: Buffer,
  read: ReadonlyMap<string, Buffer>,
): PageFile {
  const hash = createHash('sha256').update(identity).digest('base64url').slice(0, 22);
  const brotli = read.get(`${path}.br`);
  const gzip = read.get(`${path}.gz`);
  return {
    mediaType,
    isImmutable: path.startsWith('/assets/'),
    bodies: {
      identity: { bytes: identity, etag: `"${hash}"` },
      ...(brotli !== undefined && { br: { bytes: brotli, etag: `"${hash}-br"` } }),
      ...(gzip !== undefined && { gzip: { bytes: gzip, etag: `"${hash}-gz"` } }),
    },
  };
}

/** All but the index, which is the route table's `/`, since programs get their answer there too. */
export function registerPages(server: FastifyInstance, pages: Pages): void {
  for (const path of PAGE_PATHS) {
    server.get(path, (request, reply) => sendPage(pages.index, request, reply));
  }
  for (const [path, file] of pages.files) {
    server.get(path, (request, reply) => sendPage(file, request, reply));
  }
}

/** Whether GET is answered at this address: for saying which methods there are. */
export function isPageAddress(pages: Pages | null, path: string): boolean {
  if (pages === null) return false;
  return (
    pages.files.has(path) ||
    PAGE_PATHS.some((page) => (page.endsWith('/*') ? path.startsWith(page.slice(0, -1)) : path === page))
  );
}

/** Whether this path of the router is a page: health checks and pages are no calls of the API. */
export function isPagePath(pages: Pages | null, path: string): boolean {
  return pages !== null && (PAGE_PATH_SET.has(path) || pages.files.has(path));
}

const PAGE_PATH_SET: ReadonlySet<string> = new Set([INDEX_PATH, ...PAGE_PATHS]);

export function sendPage(file: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const encoding = chooseEncoding(request.headers['accept-encoding'], file);
  const body = file.bodies[encoding] ?? file.bodies.identity;
  reply.headers(PAGE_HEADERS).headers({
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: body.etag,
    vary: 'Accept, Accept-Encoding',
  });
  if (holdsEtag(request.headers['if-none-match'], body.etag)) return reply.code(304).send();
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  return reply.header('content-type', file.mediaType).send(body.bytes);
}

/** The index where a browser asks, and where somebody does not care; programs that ask for JSON get the JSON index. */
export function wantsPage(accept: string | undefined): boolean {
  if (accept === undefined || /text\/html|\*\/\*/i.test(accept)) return true;
  return !/json/i.test(accept);
}

function chooseEncoding(header: string | undefined, { bodies }: PageFile): Encoding {
  if (header === undefined) return 'identity';
  const refused = new Set<string>();
  const taken = new Set<string>();
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const isRefused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    (isRefused ? refused : taken).add(name);
  }
  const accepts = (encoding: Encoding): boolean =>
    taken.has(encoding) || (taken.has('*') && !refused.has(encoding));
  return ENCODINGS.find((encoding) => bodies[encoding] !== undefined && accepts(encoding)) ?? 'identity';
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

/** Nothing but our own files runs, loads or is talked to, and text never becomes markup or script. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), serial=(), usb=()',
} as const;
