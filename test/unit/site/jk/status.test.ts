import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusWorkerSettings } from '../../../../src/site/jk/model-jk.ts';
import { clean, told, workers } from './support.ts';

function settings(text: string): StatusWorkerSettings {
  const worker = clean(`worker.list=st\nworker.st.type=status\n${text}`).jk.workers.get('st');
  assert.equal(worker?.kind, 'status');
  return worker.settings;
}

const ratings = (list: StatusWorkerSettings['good']) => list.map(({ activation, state }) => `${activation}.${state}`);

test('a status worker that says nothing shows everything to everybody', () => {
  const { good, bad, ...rest } = settings('');
  assert.deepEqual(rest, {
    css: undefined,
    prefix: 'worker',
    ns: 'jk:',
    xmlns: 'xmlns:jk="http://tomcat.apache.org"',
    doctype: undefined,
    isReadOnly: false,
    users: [],
    ignoresUserCase: false,
  });
  assert.deepEqual(ratings(good), ['active.ok', 'active.idle', 'active.busy', 'active.recovering']);
  assert.deepEqual(ratings(bad), ['stopped.undefined', 'undefined.error']);
});

// worker.<name>.css, worker.<name>.prefix, worker.<name>.ns, worker.<name>.xmlns, worker.<name>.doctype
test('worker.<name>.css, prefix, ns, xmlns, doctype', () => {
  const { css, prefix, ns, xmlns, doctype } = settings(
    'worker.st.css=/c.css\nworker.st.prefix=p\nworker.st.ns=x:\nworker.st.xmlns=xmlns:x="urn:x"\nworker.st.doctype=<!DOCTYPE s>',
  );
  assert.deepEqual([css, prefix, ns, xmlns, doctype], ['/c.css', 'p', 'x:', 'xmlns:x="urn:x"', '<!DOCTYPE s>']);
});

test('a dash stands for no ns and no xmlns', () => {
  const { ns, xmlns } = settings('worker.st.ns=-\nworker.st.xmlns=-');
  assert.deepEqual([ns, xmlns], ['', '']);
});

// worker.<name>.read_only, worker.<name>.user, worker.<name>.user_case_insensitive
test('worker.<name>.read_only, user, user_case_insensitive', () => {
  const { isReadOnly, users, ignoresUserCase } = settings(
    'worker.st.read_only=true\nworker.st.user=bob, Alice\nworker.st.user=eve\nworker.st.user_case_insensitive=1',
  );
  assert.deepEqual([isReadOnly, users, ignoresUserCase], [true, ['bob', 'Alice', 'eve'], true]);
});

test('worker.<name>.good and worker.<name>.bad are ratings, alone or in pairs', () => {
  const { good, bad } = settings('worker.st.good=active.ok,d.n\nworker.st.bad=S r\nworker.st.bad=e.a');
  assert.deepEqual(ratings(good), ['active.ok', 'disabled.idle']);
  assert.deepEqual(ratings(bad), ['stopped.undefined', 'undefined.recovering', 'active.error']);
  assert.deepEqual(told(workers('worker.list=st\nworker.st.type=status\nworker.st.good=x,a.d')), [
    'warning bad-rating 3',
    'warning bad-rating 3',
  ]);
});
