// The cases of the benchmark: what is asked for, and how.

export interface Case {
  name: string;
  title: string;
  method: 'GET' | 'POST';
  path: string;
  headers: readonly (readonly [string, string])[];
  bodyBytes: number;
  /** Connections at the same time. */
  connections: number;
  /** Over TLS. */
  isSecure?: boolean;
  /** Fronts that cannot do it. */
  without: readonly string[];
}

const BROWSER: readonly (readonly [string, string])[] = [
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Language', 'ja,en-US;q=0.8,en;q=0.6'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Referer', 'http://www.example.test/webapp/menu.html'],
  ['Cookie', 'theme=dark; JSESSIONID=5F06491A3952130A723D3B8E11C04A7D.jvm1; _ga=GA1.2.1478253309.1763740000'],
  ['Cache-Control', 'max-age=0'],
  ['Upgrade-Insecure-Requests', '1'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Priority', 'u=0, i'],
];

const plain: Omit<Case, 'name' | 'title' | 'path'> = {
  method: 'GET',
  headers: [],
  bodyBytes: 0,
  connections: 32,
  without: [],
};

export const CASES: readonly Case[] = [
  { ...plain, name: 'get-1k', title: 'GET 1 KiB, bare head', path: '/1k' },
  { ...plain, name: 'browser-1k', title: "GET 1 KiB, a browser's head with a session", path: '/1k', headers: BROWSER },
  { ...plain, name: 'get-1m', title: 'GET 1 MiB', path: '/1m', connections: 16 },
  {
    ...plain,
    name: 'post-64k',
    title: 'POST 64 KiB',
    method: 'POST',
    path: '/upload',
    bodyBytes: 65536,
    connections: 16,
  },
  { ...plain, name: 'static-1k', title: 'static file, 1 KiB', path: '/static/1k.html', without: ['haproxy'] },
  { ...plain, name: 'static-100k', title: 'static file, 100 KiB', path: '/static/100k.html', without: ['haproxy'] },
  { ...plain, name: 'tls-1k', title: 'GET 1 KiB over TLS 1.3, bare head', path: '/1k', isSecure: true },
  { ...plain, name: 'tls-1m', title: 'GET 1 MiB over TLS 1.3', path: '/1m', connections: 16, isSecure: true },
  {
    ...plain,
    name: 'connect',
    title: 'GET 1 KiB, new connection each',
    path: '/1k',
    headers: [['Connection', 'close']],
  },
];

export const IDLE = { name: 'idle', title: 'idle connections', connections: 10_000 } as const;
