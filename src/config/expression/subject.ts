// What an expression is asked about: one request, or whatever a user of expressions puts in its place (a probe's answer).
// All texts are octets (latin1 view). Place in the picture: floor 2; the frontend makes the subject of requests.

/** Every question is answered at once and changes nothing. Undefined means absent, and reads as an empty text. */
export interface ExpressionSubject {
  /** `%{NAME}`. @param name in upper case, one of `VARIABLES` or of the names that parsing was given */
  variable(name: string): string | undefined;
  /**
   * `%{HTTP_HOST}`, `req('X')`. Several fields of one name are one list.
   * @param varies the answer depends on this field, which httpd tells in Vary
   */
  requestHeader(name: string, varies: boolean): string | undefined;
  /** `resp('X')`. */
  responseHeader(name: string): string | undefined;
  /** `reqenv('X')`: a variable of the request. */
  requestEnv(name: string): string | undefined;
  /** `note('X')`. */
  note(name: string): string | undefined;
  /** `osenv('X')`: a variable of the process. */
  processEnv(name: string): string | undefined;
  /** A function that parsing was given the name of, such as `hc('body')`. @param name in lower case */
  call(name: string, argument: string): string | undefined;
  /** A function that tells a list, for `in`. @param name in lower case */
  list(name: string, argument: string): readonly string[];
  /** Bytes of the client's address, for `-R`; undefined when it has none that IP knows. */
  readonly clientAddress: readonly number[] | undefined;
  readonly files: ExpressionFiles;
  /** `-U`, `-A`: whether the client may ask for this URL path; `-F`: whether for this file. */
  mayReach(kind: 'url' | 'file', target: string): boolean;
}

/** Files as `-d`, `-f`, `file()` and the like ask for them. Paths are octets. */
export interface ExpressionFiles {
  /** Undefined when there is nothing at the path. Links are followed, except for `isLink`. */
  stat(path: string): FileFacts | undefined;
  /** The content. @throws what the system throws */
  read(path: string, mostBytes: number): string;
}

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly isLink: boolean;
  /** The server may run it (`-x`). */
  readonly isExecutable: boolean;
}

/** Where nothing is known: everything is absent. */
export const NO_SUBJECT: ExpressionSubject = {
  variable: () => undefined,
  requestHeader: () => undefined,
  responseHeader: () => undefined,
  requestEnv: () => undefined,
  note: () => undefined,
  processEnv: () => undefined,
  call: () => undefined,
  list: () => [],
  clientAddress: undefined,
  files: {
    stat: () => undefined,
    read() {
      throw new Error('there are no files');
    },
  },
  mayReach: () => false,
};
