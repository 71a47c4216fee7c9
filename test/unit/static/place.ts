// A folder of files on disk and the static handler in front of it.

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { VirtualClock } from '../../../src/base/clock.ts';
import { answerError } from '../../../src/frontend/error-page.ts';
import type { HotFilesLimits } from '../../../src/frontend/static/hot-files.ts';
import { DEFAULT_MEDIA_TYPES } from '../../../src/frontend/static/mime.ts';
import { StaticFiles, type StaticRequest } from '../../../src/frontend/static/static.ts';
import { mapToFile } from '../../../src/frontend/static/static-path.ts';
import type { Host } from '../../../src/site/model.ts';
import { clockAt, Recorder, type RecorderOptions } from './recorder.ts';

export const OLD = new Date(Date.UTC(2024, 0, 2, 3, 4, 5, 500));

export class Place {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'static-'));
  /** Stands an hour after the files were written, so that they are settled. */
  readonly clock: VirtualClock = clockAt(Date.now() + 3_600_000);
  readonly files: StaticFiles;
  readonly redirects: string[] = [];
  readonly failures: string[] = [];
  host: Pick<Host, 'aliasRules' | 'documentRoot'>;
  settings: StaticRequest['settings'] = {};
  folderStatus: StaticRequest['folderStatus'] = 404;
  errorStatus: StaticRequest['errorStatus'] = undefined;

  constructor(limits: Partial<HotFilesLimits> = {}) {
    this.files = new StaticFiles({ clock: this.clock, limits, boundary: 'limit' });
    this.host = { documentRoot: this.dir, aliasRules: [] };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  write(path: string, content: string | Buffer): string {
    const file = join(this.dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, OLD, OLD);
    return file;
  }

  /** Begins to serve; the answer may still be on its way. */
  begin(path: string, options: RecorderOptions = {}): Recorder {
    const recorder = new Recorder({ target: path, wall: this.clock.wall(), ...options });
    const [decoded, query] = path.split('?');
    const target = mapToFile(this.host, decoded);
    if (target === undefined) throw new Error(`no file for ${path}`);
    this.files.serve(recorder.exchange, {
      path: decoded,
      query,
      ...target,
      settings: this.settings,
      mediaTypes: DEFAULT_MEDIA_TYPES,
      origin: 'http://www.example.test',
      folderStatus: this.folderStatus,
      errorStatus: this.errorStatus,
      hooks: {
        fail: (exchange, status, failure) => {
          if (failure !== undefined) this.failures.push(failure.code);
          answerError(exchange, status, failure);
        },
        redirect: (exchange, to) => {
          this.redirects.push(to);
          answerError(exchange, 599);
        },
      },
    });
    return recorder;
  }

  get(path: string, options: RecorderOptions = {}): Promise<Recorder> {
    return this.begin(path, options).finished();
  }
}
