// What a file name says about its content: media type, charset, encoding, language. Rules as mod_mime's: every extension
// after the first dot is looked at from left to right, and later ones win. Place in the picture: static files ask it
// once per file, never per request.

import type { FileReader } from '../../config/files.ts';
import type { DirectorySettings, MimeSettings } from '../../site/model.ts';

/** Extension (lower case, without dot) to media type. */
export type MediaTypes = ReadonlyMap<string, string>;

/** What goes into the head of a file's response. */
export interface ContentFacts {
  /** Whole Content-Type value; undefined when nothing is known: no field is sent then, as httpd does. */
  readonly type: string | undefined;
  readonly encoding: string | undefined;
  readonly language: string | undefined;
  /**
   * The file is a program in the eyes of its configuration (AddHandler, or a type like `application/x-httpd-php`):
   * its source must not be sent.
   */
  readonly handler: string | undefined;
}

/** Types that httpd treats as names of handlers begin like this. */
const HANDLER_TYPE = /^application\/x-httpd-/i;
/** Handlers that mean "send the file as it is". */
const PLAIN_HANDLERS: ReadonlySet<string> = new Set(['default-handler', 'none', 'type-map', 'send-as-is']);

/** Reads a file in the format of `mime.types`: a type, then its extensions; `#` begins a comment. */
export function parseMediaTypes(text: string): MediaTypes {
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [type, ...extensions] = line.replace(/#.*/, '').trim().split(/\s+/);
    for (const extension of extensions) types.set(extension.toLowerCase(), type);
  }
  return types;
}

/** Reads TypesConfig. @throws what the file system says */
export function loadMediaTypes(path: string, files: FileReader): MediaTypes {
  return parseMediaTypes(Buffer.from(files.read(path)).toString('latin1'));
}

/** Tells what `name` (a file name without its folder) says about the content under `settings`. */
export function describeContent(name: string, types: MediaTypes, settings: DirectorySettings): ContentFacts {
  const mime = settings.mime;
  let type: string | undefined;
  let charset: string | undefined;
  let handler: string | undefined;
  const encodings: string[] = [];
  const languages: string[] = [];
  for (const extension of extensionsOf(name)) {
    type = mime?.types.get(extension) ?? types.get(extension) ?? type;
    charset = mime?.charsets.get(extension) ?? charset;
    handler = mime?.handlers.get(extension) ?? handler;
    pushFrom(mime?.encodings, extension, encodings);
    pushFrom(mime?.languages, extension, languages);
  }
  if (settings.forceType !== undefined && settings.forceType.toLowerCase() !== 'none') type = settings.forceType;
  // An empty text is what Remove… leaves behind: nothing, whatever an outer section added.
  type = type === '' ? undefined : type;
  handler = handler === '' ? undefined : handler;
  if (type !== undefined && HANDLER_TYPE.test(type)) handler ??= type;
  return {
    type: type === undefined ? undefined : withCharset(type, charset, settings.defaultCharset),
    encoding: encodings.length === 0 ? undefined : encodings.join(', '),
    language: languages.length === 0 ? undefined : languages.join(', '),
    handler: handler === undefined || PLAIN_HANDLERS.has(handler.toLowerCase()) ? undefined : handler,
  };
}

/** Extensions in order, lower case. A leading dot begins a name, not an extension. */
function extensionsOf(name: string): string[] {
  return name.replace(/^\.+/, '').toLowerCase().split('.').slice(1);
}

function pushFrom(map: MimeSettings['types'] | undefined, extension: string, list: string[]): void {
  const value = map?.get(extension);
  if (value !== undefined && value !== '') list.push(value);
}

/** AddDefaultCharset speaks of text/plain and text/html alone (documentation of httpd's core). */
function withCharset(type: string, charset: string | undefined, byDefault: string | undefined): string {
  if (/;\s*charset=/i.test(type)) return type;
  if (charset !== undefined && charset !== '') return `${type}; charset=${charset}`;
  const isPlainText = /^text\/(?:plain|html)\s*(?:;|$)/i.test(type);
  return byDefault !== undefined && byDefault !== '' && isPlainText ? `${type}; charset=${byDefault}` : type;
}

/** Types known without a TypesConfig: what web applications are made of. */
export const DEFAULT_MEDIA_TYPES: MediaTypes = parseMediaTypes(`
application/atom+xml atom
application/epub+zip epub
application/gzip gz tgz
application/java-archive jar war ear
application/json json map
application/ld+json jsonld
application/manifest+json webmanifest
application/msword doc
application/octet-stream bin iso img exe dll deb dmg msi
application/pdf pdf
application/rss+xml rss
application/rtf rtf
application/sql sql
application/vnd.apple.mpegurl m3u8
application/vnd.ms-excel xls
application/vnd.ms-powerpoint ppt
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.text odt
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/wasm wasm
application/x-7z-compressed 7z
application/x-bzip2 bz2
application/x-java-jnlp-file jnlp
application/x-rar-compressed rar
application/x-sh sh
application/x-tar tar
application/x-xz xz
application/xhtml+xml xhtml xht
application/xml xml xsl
application/xml-dtd dtd
application/yaml yaml yml
application/zip zip
application/zstd zst
audio/aac aac
audio/flac flac
audio/midi mid midi
audio/mp4 m4a
audio/mpeg mp3
audio/ogg ogg oga opus
audio/wav wav
audio/webm weba
font/otf otf
font/ttf ttf
font/woff woff
font/woff2 woff2
image/apng apng
image/avif avif
image/bmp bmp
image/gif gif
image/jpeg jpeg jpg jpe
image/jxl jxl
image/png png
image/svg+xml svg svgz
image/tiff tif tiff
image/vnd.microsoft.icon ico
image/webp webp
text/calendar ics
text/css css
text/csv csv
text/html html htm shtml
text/javascript js mjs
text/markdown md
text/plain txt text conf log
text/tab-separated-values tsv
text/vcard vcf
text/vtt vtt
video/mp2t ts
video/mp4 mp4 m4v
video/mpeg mpeg mpg
video/ogg ogv
video/quicktime mov
video/webm webm
video/x-msvideo avi
`);
